using System.Text.Json;

namespace Octavo.Gateway.OpenAI;

/// <summary>
/// Reads the top-level <c>model</c> of a JSON body without building it. The whole body is scanned, so that malformed JSON is refused here and not
/// held or sent; of a name given twice the last wins, as in the parsers behind.
/// </summary>
internal static class ModelNameReader
{
    /// <summary>The name, or the error to answer with.</summary>
    public static (string? Name, OpenAIError? Error) Read(ReadOnlySpan<byte> body)
    {
        string? name = null;
        var found = false;
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 256 });
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                return (null, OpenAIError.BadRequest("The request body must be a JSON object."));
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isModel = reader.ValueTextEquals("model"u8);
                reader.Read();
                if (isModel)
                {
                    found = true;
                    name = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
                }

                reader.Skip();
            }

            // Reads past the closing brace: anything but white space there throws.
            reader.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string with bytes that are no UTF-8.
            return (null, OpenAIError.BadRequest($"The request body is not valid JSON: {e.Message}", code: "invalid_json"));
        }

        return name switch
        {
            { Length: > 0 } => (name, null),
            _ when found => (null, OpenAIError.BadRequest("`model` must be a string that is not empty.", "model")),
            _ => (null, OpenAIError.BadRequest("`model` is missing.", "model")),
        };
    }
}
