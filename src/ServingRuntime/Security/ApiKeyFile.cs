using System.Text;
using System.Text.RegularExpressions;

namespace Octavo.ServingRuntime.Security;

/// <summary>
/// A file of API keys: one a line, bare or as <c>name: key</c> or <c>name=key</c>; empty lines and those that begin with # do not count. Messages name lines
/// and never their text.
/// </summary>
internal static partial class ApiKeyFile
{
    private const int MaxBytes = 1024 * 1024;
    private const int MaxKeys = 10_000;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The bytes of the file.</summary>
    /// <exception cref="InvalidDataException">It is too large.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static byte[] Read(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var buffer = new byte[MaxBytes + 1];
        var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return length <= MaxBytes ? buffer[..length] : throw new InvalidDataException($"{path} is larger than {MaxBytes} bytes");
    }

    /// <exception cref="InvalidDataException">It holds no key, or a line is malformed.</exception>
    public static IReadOnlyList<ApiKey> Parse(ReadOnlySpan<byte> content)
    {
        string text;
        try
        {
            text = Strict.GetString(content);
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidDataException("the file of API keys is no UTF-8", e);
        }

        var keys = new List<ApiKey>();
        var number = 0;
        foreach (var raw in text.TrimStart('\uFEFF').Split('\n'))
        {
            number++;
            var line = raw.Trim();
            if (line.Length > 0 && line[0] != '#')
            {
                keys.Add(ParseLine(line, number));
            }
        }

        return keys.Count switch
        {
            0 => throw new InvalidDataException("the file of API keys holds no key"),
            > MaxKeys => throw new InvalidDataException($"the file of API keys holds more than {MaxKeys} keys"),
            _ => keys,
        };
    }

    private static ApiKey ParseLine(string line, int number)
    {
        var match = Named().Match(line);
        var (name, key) = match.Success ? (match.Groups["name"].Value, match.Groups["key"].Value) : (null, line);
        return key.All(c => c is > ' ' and <= '~') ? ApiKey.Create(key, name) : throw new InvalidDataException($"line {number} of the file of API keys is neither a key nor 'name: key'");
    }

    /// <summary>A colon needs a space after it, and a key is not equal signs alone: so keys with colons, and base64 with its padding, stay whole.</summary>
    [GeneratedRegex(@"^(?<name>[A-Za-z0-9][A-Za-z0-9._-]{0,62})(?::\s+|\s*=\s*)(?<key>(?!=+$).+)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Named();
}
