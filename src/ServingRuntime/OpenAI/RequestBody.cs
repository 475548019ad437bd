using System.Globalization;
using System.Text.Json;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>Reads a request's JSON; what is wrong with it is said with its place.</summary>
internal static class RequestBody
{
    private const int MaxDepth = 64;

    /// <exception cref="ApiException">415, 413 or 400.</exception>
    public static async Task<JsonDocument> ReadAsync(HttpContext context)
    {
        if (!context.Request.HasJsonContentType())
        {
            throw new ApiException(StatusCodes.Status415UnsupportedMediaType, $"the content type must be application/json, not '{context.Request.ContentType}'");
        }

        JsonDocument document;
        try
        {
            document = await JsonDocument.ParseAsync(context.Request.Body, new JsonDocumentOptions { MaxDepth = MaxDepth }, context.RequestAborted);
        }
        catch (JsonException e)
        {
            throw new ApiException(400, string.Create(
                CultureInfo.InvariantCulture, $"the body is no valid JSON: {Reason(e)} (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1})"), code: "invalid_json");
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object)
        {
            return document;
        }

        document.Dispose();
        throw new ApiException(400, "the body must be a JSON object", code: "invalid_json");
    }

    /// <summary>The reader's message without the place that it appends in its own words.</summary>
    private static string Reason(JsonException exception)
    {
        var end = exception.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end > 0 ? exception.Message[..end] : exception.Message;
    }
}
