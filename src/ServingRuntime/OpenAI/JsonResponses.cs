using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>Writes bodies as JSON without reflection.</summary>
internal static class JsonResponses
{
    public static async Task WriteJsonAsync<T>(this HttpResponse response, T value, JsonTypeInfo<T> type)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(value, type);
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, response.HttpContext.RequestAborted);
    }
}
