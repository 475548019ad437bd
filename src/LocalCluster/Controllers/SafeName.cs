namespace Octavo.LocalCluster.Controllers;

/// <summary>Words for names: Kubernetes' alphabet without vowels and look-alikes, so that no word comes about by chance.</summary>
internal static class SafeName
{
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";

    /// <summary>Maps each character of <paramref name="text"/> into the alphabet.</summary>
    public static string Encode(string text) => string.Concat(text.Select(c => Alphabet[c % Alphabet.Length]));

    /// <summary>FNV-1a over the UTF-8 bytes.</summary>
    public static uint Fnv1a(ReadOnlySpan<byte> bytes)
    {
        var hash = 2166136261u;
        foreach (var b in bytes)
        {
            hash = (hash ^ b) * 16777619u;
        }

        return hash;
    }
}
