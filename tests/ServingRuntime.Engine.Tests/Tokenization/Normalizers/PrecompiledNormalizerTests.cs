using System.Text;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.ServingRuntime.Engine.Tokenization.Normalizers;

namespace Octavo.ServingRuntime.Engine.Tests.Tokenization.Normalizers;

/// <summary>A character map built here by the double-array's rules: "Ａ" becomes "A", "ﬁ" becomes "fi", and "e" with an acute becomes the one character.</summary>
public sealed class PrecompiledNormalizerTests
{
    [Theory]
    [InlineData("Ａﬁx", "Afix")]
    [InlineData("cafe\u0301", "caf\u00E9")]
    [InlineData("plain 東京", "plain 東京")]
    [InlineData("", "")]
    public void Normalize_MappedGraphemesAndCharacters_AreReplaced(string text, string expected)
        => new PrecompiledNormalizer(Map(("Ａ", "A"), ("ﬁ", "fi"), ("e\u0301", "\u00E9"))).Normalize(text).Should().Be(expected);

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 255, 0, 0, 0, 1 })]
    [InlineData(new byte[] { 3, 0, 0, 0, 1, 2, 3, 4 })]
    public void Constructor_MalformedMap_IsRefused(byte[] map)
    {
        var create = () => new PrecompiledNormalizer(map);
        create.Should().Throw<TokenizerFormatException>();
    }

    /// <summary>Each node's children stand at its offset xor their label; a node that ends a key has its value at label 0.</summary>
    private static byte[] Map(params (string From, string To)[] entries)
    {
        var replacements = new List<byte>();
        var units = new uint[1 << 14];
        var taken = new HashSet<uint> { 0 };
        Place(0, [.. entries.Select(entry =>
        {
            var value = replacements.Count;
            replacements.AddRange([.. Encoding.UTF8.GetBytes(entry.To), 0]);
            return (Encoding.UTF8.GetBytes(entry.From), value);
        })], 0);
        return [.. BitConverter.GetBytes((uint)(units.Length * 4)), .. units.SelectMany(BitConverter.GetBytes), .. replacements];

        void Place(uint node, List<(byte[] Key, int Value)> keys, int depth)
        {
            var labels = keys.Select(key => depth < key.Key.Length ? key.Key[depth] : (byte)0).Distinct().ToList();
            var offset = Enumerable.Range(1, 1000).Select(i => (uint)i << 1).First(candidate => labels.All(label => !taken.Contains(node ^ candidate ^ label) && (node ^ candidate ^ label) != 0));
            units[node] |= offset << 10;
            foreach (var label in labels)
            {
                taken.Add(node ^ offset ^ label);
            }

            foreach (var label in labels)
            {
                var child = node ^ offset ^ label;
                var below = keys.Where(key => (depth < key.Key.Length ? key.Key[depth] : (byte)0) == label).ToList();
                if (label == 0)
                {
                    units[node] |= 1u << 8;
                    units[child] = (uint)below[0].Value | (1u << 31);
                }
                else
                {
                    units[child] |= label;
                    Place(child, below, depth + 1);
                }
            }
        }
    }
}
