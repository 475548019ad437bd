using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Http;

/// <summary>Writes JSON answers.</summary>
internal static class JsonAnswer
{
    /// <summary>Compact, and as readable as Go writes it: text outside ASCII stays.</summary>
    public static JsonWriterOptions WriterOptions { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static async Task WriteAsync(HttpContext http, int code, JsonNode body, string contentType, IEnumerable<string> warnings)
    {
        using var buffer = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
        {
            body.WriteTo(writer);
        }

        await WriteAsync(http, code, buffer, contentType, warnings);
    }

    public static async Task WriteAsync(HttpContext http, int code, MemoryStream body, string contentType, IEnumerable<string> warnings)
    {
        http.Response.StatusCode = code;
        http.Response.ContentType = contentType;
        foreach (var warning in warnings)
        {
            http.Response.Headers.Append("Warning", $"299 - \"{Quote(warning)}\"");
        }

        body.WriteByte((byte)'\n');
        http.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await http.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length), http.RequestAborted);
        }
    }

    public static Task WriteErrorAsync(HttpContext http, ApiException error, IEnumerable<string> warnings)
    {
        if (error.RetryAfterSeconds is { } seconds)
        {
            http.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        return WriteAsync(http, error.Code, error.ToStatus(), "application/json", warnings);
    }

    public static async Task WriteTextAsync(HttpContext http, int code, string text, string contentType = "text/plain; charset=utf-8")
    {
        http.Response.StatusCode = code;
        http.Response.ContentType = contentType;
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await http.Response.WriteAsync(text, http.RequestAborted);
        }
    }

    /// <summary>What a real server answers for a path that it does not know at all.</summary>
    public static Task WritePageNotFoundAsync(HttpContext http) => WriteTextAsync(http, 404, "404 page not found\n");

    // A header holds no control characters and a quoted string no bare quotes.
    private static string Quote(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace('\n', ' ').Replace('\r', ' ');
}
