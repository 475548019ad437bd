using System.Security.Cryptography;
using System.Text;

namespace Octavo.ServingRuntime.OpenAI.ToolCalls;

/// <summary>Names of calls.</summary>
internal static class ToolCallId
{
    private const string Letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// <summary>Mistral's templates accept ids of this length only.</summary>
    private const int ShortLength = 9;

    public static string New() => "call_" + RandomNumberGenerator.GetString(Letters, 24);

    /// <summary>The same id for the same id, as Mistral's templates want it: nine letters and digits.</summary>
    public static string Short(string id)
    {
        if (id.Length == ShortLength && id.All(char.IsAsciiLetterOrDigit))
        {
            return id;
        }

        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(id));
        return string.Create(ShortLength, digest, static (text, bytes) =>
        {
            for (var i = 0; i < text.Length; i++)
            {
                text[i] = Letters[bytes[i] % Letters.Length];
            }
        });
    }
}
