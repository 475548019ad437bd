using System.Text;
using System.Text.Json.Nodes;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Tokenization;

/// <summary>A broken tokenizer.json is refused with the one exception that says so, or works; it never fails in another way.</summary>
public sealed class MalformedTokenizerTests
{
    private static readonly string Fixtures = Path.Combine(Repository.Root, "tests", "ServingRuntime.Engine.Tests", "Fixtures", "tokenizers");

    private static readonly string[] Values =
    [
        "null", "true", "0", "-1", "1e999", "2147483647", "2147483648", "-9223372036854775809", "1.5", "\"\"", "\"\\ud83d\"", "\"a\"", "[]", "[1]", "{}", "[[]]", "\"a b c\"", "[\"a\",\"b\"]", "{\"type\":\"ByteLevel\"}",
        "{\"type\":\"Sequence\",\"normalizers\":[],\"pretokenizers\":[],\"decoders\":[],\"processors\":[]}", "{\"Regex\":\"(((\"}", "{\"Regex\":\"(a*)*b\"}", "{\"Regex\":\"(?:a{1000}){1000}\"}", "{\"String\":\"\"}",
    ];

    [Theory]
    [InlineData("unigram-unk.json")]
    [InlineData("unigram-bytes.json")]
    [InlineData("bpe-small.json")]
    public void Load_ValuesReplacedByOthers_IsRefusedOrWorks(string name)
    {
        var text = name == "bpe-small.json" ? SmallBpe : File.ReadAllText(Path.Combine(Fixtures, name));
        var random = new Random(11);
        for (var i = 0; i < 400; i++)
        {
            var root = JsonNode.Parse(text)!;
            for (var n = random.Next(1, 4); n > 0; n--)
            {
                Break(root, random);
            }

            LoadAndUse(root.ToJsonString());
        }
    }

    [Fact]
    public void Load_TextCutAnywhere_IsRefused()
    {
        for (var length = 0; length < SmallBpe.Length; length += 7)
        {
            LoadAndUse(SmallBpe[..length]).Should().BeFalse();
        }
    }

    [Theory]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"b":0},"merges":[]}}""")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"aa":1},"merges":[["a","a"],["aa","a"]]}}""")]
    [InlineData("""{"model":{"type":"BPE","vocab":{},"merges":[]}}""")]
    [InlineData("""{"model":{"type":"Unigram","vocab":[]}}""")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":2147483647},"merges":[]}}""")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":-5},"merges":[]},"added_tokens":[{"id":-1,"content":""}]}""")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[["",""],["a",""]]}}""")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"":1,"a":0},"merges":[["","a"],["a",""]]}}""")]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{"a":0}}}""")]
    [InlineData("""{"added_tokens":[{"id":2147483647,"content":"x"}],"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}""")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\uFEFF{}")]
    public void Load_Oddities_AreRefusedOrWork(string json) => LoadAndUse(json);

    [Fact]
    public void Load_DeepNesting_IsRefused()
        => LoadAndUse("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"normalizer":""" + string.Concat(Enumerable.Repeat("""{"type":"Sequence","normalizers":[""", 5000))).Should().BeFalse();

    private const string SmallBpe =
        """
        {"version":"1.0","added_tokens":[{"id":9,"content":"<s>","single_word":false,"lstrip":false,"rstrip":true,"normalized":false,"special":true}],
        "normalizer":{"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"Replace","pattern":{"String":" "},"content":"_"}]},
        "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"\\d+|\\s"},"behavior":"Isolated","invert":false},{"type":"Metaspace","replacement":"_","prepend_scheme":"always","split":true}]},
        "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"special_tokens":{"<s>":{"id":"<s>","ids":[9],"tokens":["<s>"]}}},
        "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"_"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},
        "model":{"type":"BPE","dropout":null,"unk_token":"<unk>","fuse_unk":true,"byte_fallback":true,"ignore_merges":false,"vocab":{"<unk>":0,"a":1,"b":2,"_":3,"ab":4,"_a":5,"abab":6,"<0x41>":7,"1":8},"merges":[["a","b"],["_","a"],["ab","ab"]]}}
        """;

    /// <summary>Whether it was loaded; anything but the named refusal fails the test.</summary>
    private static bool LoadAndUse(string json)
    {
        Tokenizer tokenizer;
        try
        {
            tokenizer = Tokenizer.Load(new MemoryStream(Encoding.UTF8.GetBytes(json)));
        }
        catch (TokenizerFormatException)
        {
            return false;
        }

        var ids = tokenizer.Encode("ab a1 A <s> \uD83D é abab 漢👍", addSpecialTokens: true);
        tokenizer.Decode(ids, skipSpecialTokens: false);
        tokenizer.Decode([-1, 0, 5, 1000, int.MaxValue], skipSpecialTokens: true);
        return true;
    }

    private static void Break(JsonNode root, Random random)
    {
        var places = new List<JsonNode>();
        Collect(root, places, 0);
        switch (places[random.Next(places.Count)])
        {
            case JsonObject { Count: > 0 } node:
                var name = node.ElementAt(random.Next(node.Count)).Key;
                if (random.Next(4) == 0)
                {
                    node.Remove(name);
                }
                else
                {
                    node[name] = JsonNode.Parse(Values[random.Next(Values.Length)].Replace("\\ud83d", "x", StringComparison.Ordinal));
                }

                break;
            case JsonArray { Count: > 0 } list:
                list[random.Next(list.Count)] = JsonNode.Parse(Values[random.Next(Values.Length)].Replace("\\ud83d", "x", StringComparison.Ordinal));
                break;
        }
    }

    private static void Collect(JsonNode node, List<JsonNode> places, int depth)
    {
        places.Add(node);
        var children = node is JsonObject map ? map.Select(entry => entry.Value) : node is JsonArray list ? list.Take(5) : [];
        foreach (var child in children.OfType<JsonNode>().Take(40))
        {
            Collect(child, places, depth + 1);
        }
    }
}
