using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Octavo.KubernetesClient;

/// <summary>YAML as Kubernetes reads it: several documents, JSON as a subset, plain scalars and keys typed by the words of YAML 1.1 (`no` is false).</summary>
public static class KubernetesYaml
{
    /// <summary>All non-empty documents.</summary>
    /// <exception cref="FormatException">With the place: it is no YAML, a key comes twice, or a document is no mapping.</exception>
    public static IReadOnlyList<JsonObject> LoadAll(string text)
    {
        var documents = new List<JsonObject>();
        Read(text, reader =>
        {
            while (reader.TryReadDocument(out var node, out var line))
            {
                if (reader.DuplicateKeys is [var duplicate, ..])
                {
                    throw new FormatException(duplicate);
                }

                if (node is not null)
                {
                    documents.Add(node as JsonObject ?? throw new FormatException($"line {line}: a manifest is a mapping"));
                }
            }
        });
        return documents;
    }

    /// <summary>The only document; throws <see cref="FormatException"/> where there is none or another one.</summary>
    public static JsonObject Load(string text) => LoadAll(text) switch
    {
        [var only] => only,
        var all => throw new FormatException($"one document was expected, {all.Count} found"),
    };

    /// <summary>The first document, whatever it holds; null for none.</summary>
    /// <param name="duplicateKeys">Lines such as `line 7: key "k" already set in map`; the last value counts.</param>
    /// <exception cref="FormatException">With the place: it is no YAML.</exception>
    public static JsonNode? LoadFirst(string text, out IReadOnlyList<string> duplicateKeys)
    {
        JsonNode? first = null;
        IReadOnlyList<string> duplicates = [];
        Read(text, reader =>
        {
            reader.TryReadDocument(out first, out _);
            duplicates = reader.DuplicateKeys;
        });
        duplicateKeys = duplicates;
        return first;
    }

    private static void Read(string text, Action<YamlDocumentReader> read)
    {
        try
        {
            using var reader = new StringReader(text);
            var parser = new MergingParser(new Parser(reader));
            parser.Consume<StreamStart>();
            read(new YamlDocumentReader(parser));
        }
        catch (YamlException exception)
        {
            throw new FormatException($"line {exception.Start.Line}, column {exception.Start.Column}: {exception.Message}", exception);
        }
    }
}
