using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Octavo.ServingRuntime.Admin;
using Octavo.ServingRuntime.Embeddings;
using Octavo.ServingRuntime.OpenAI.Responses;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>Serializers made at compile time: the start of the server costs no reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, GenerationMode = JsonSourceGenerationMode.Default)]
[JsonSerializable(typeof(ErrorResponse))]
[JsonSerializable(typeof(ChatCompletionResponse))]
[JsonSerializable(typeof(ChatCompletionChunk))]
[JsonSerializable(typeof(CompletionResponse))]
[JsonSerializable(typeof(ResponseObject))]
[JsonSerializable(typeof(ResponseEvent))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ModelCard))]
[JsonSerializable(typeof(TokenizeResponse))]
[JsonSerializable(typeof(DetokenizeResponse))]
[JsonSerializable(typeof(VersionResponse))]
[JsonSerializable(typeof(EmbeddingsResponse))]
[JsonSerializable(typeof(LoadResponse))]
[JsonSerializable(typeof(DrainResponse))]
[JsonSerializable(typeof(StatsResponse))]
internal sealed partial class OpenAIJsonContext : JsonSerializerContext;

/// <summary>The context that answers are written with: text stays readable, since no answer is ever put into HTML.</summary>
internal static class OpenAIJson
{
    public static OpenAIJsonContext Context { get; } = new(new JsonSerializerOptions(OpenAIJsonContext.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
