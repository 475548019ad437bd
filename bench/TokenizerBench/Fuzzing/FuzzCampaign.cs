using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.TokenizerBench.Peer;

namespace Octavo.TokenizerBench.Fuzzing;

/// <summary>
/// Compares this tokenizer with Hugging Face's, on strings made up by chance: real tokenizers as they are, and variations of tokenizer.json. Ids with and without special
/// tokens, the text of those ids and of random ones must be equal; text in pieces must be the text of the whole.
/// </summary>
public sealed class FuzzCampaign(FuzzOptions options, Func<PeerProcess> startPeer, TimeProvider timeProvider, TextWriter output)
{
    private const int BatchesAFile = 12;
    private const int TextsABatch = 25;
    private const int MostOfATokenizer = 2;
    private const int ByteRunLimit = 96;
    private const int MostPrinted = 20;
    private readonly Random random = new(options.Seed);
    private readonly FuzzTally tally = new();
    private PeerProcess peer = startPeer();

    public FuzzTally Run()
    {
        var begin = timeProvider.GetTimestamp();
        var files = options.Files.Select(file => (File: file, Json: ReadText(file))).ToList();
        var models = files.Where(f => f.Json.Length < 2_000_000).Select(f => (JsonObject)JsonNode.Parse(f.Json)!["model"]!).ToList();
        var variations = new VariationGenerator(random, models);
        for (var round = 0; !IsOver(begin); round++)
        {
            for (var i = 0; i < options.Variations && !IsOver(begin); i++)
            {
                Compare(variations.Next().ToJsonString(), "variation", "rust", 1, begin);
            }

            if (files.Count > 0)
            {
                var (file, json) = files[round % files.Count];
                Compare(json, file, "rust", BatchesAFile, begin);
                if (options.WithScript)
                {
                    Compare(json, file, "js", BatchesAFile, begin);
                }
            }
        }

        peer.Dispose();
        return tally;
    }

    private bool IsOver(long begin) => timeProvider.GetElapsedTime(begin) >= options.Limit;

    private static string ReadText(string file)
    {
        using Stream stream = file.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(File.OpenRead(file), CompressionMode.Decompress) : File.OpenRead(file);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private void Compare(string json, string name, string side, int batches, long begin)
    {
        Tokenizer? tokenizer = null;
        var refusal = "";
        try
        {
            tokenizer = Tokenizer.Load(new MemoryStream(Encoding.UTF8.GetBytes(json)));
        }
        catch (TokenizerFormatException e)
        {
            refusal = e.Message;
        }

        var loaded = Ask(new { op = "load", side, json });
        if (side == "js")
        {
            Ask(new { op = "load", side = "rust", json });
        }

        if (loaded?["value"] is null)
        {
            tally.PeerFailures++;
            return;
        }

        if (tokenizer is null)
        {
            tally.Refuse(refusal[..Math.Min(refusal.Length, 100)]);
            return;
        }

        var added = tokenizer.AddedTokens.Select(t => tokenizer.IdToToken(t.Id)).ToList();
        if (added.Distinct().Count() < added.Count)
        {
            tally.Exclude("added tokens that are one text when normalised: the library takes one of them by chance");
            return;
        }

        tally.Tokenizers++;
        var words = tokenizer.AddedTokens.Select(t => t.Content).ToList();
        for (var i = 0; i < 40; i++)
        {
            if (tokenizer.IdToToken(random.Next(tokenizer.VocabSize)) is { Length: > 0 and < 40 } token)
            {
                words.Add(token);
            }
        }

        var texts = new TextGenerator(random, words);
        var before = tally.Differences;
        for (var batch = 0; batch < batches && !IsOver(begin) && tally.Differences == before; batch++)
        {
            CompareBatch(tokenizer, json, name, side, [.. Enumerable.Range(0, TextsABatch).Select(_ => texts.Next())]);
        }
    }

    private JsonNode? Ask(object request)
    {
        try
        {
            return peer.Ask(request);
        }
        catch (IOException)
        {
            // A panic of the native library ends its process.
            tally.PeerFailures++;
            peer.Dispose();
            peer = startPeer();
            return null;
        }
    }

    private void CompareBatch(Tokenizer tokenizer, string json, string name, string side, string[] texts)
    {
        var lists = Enumerable.Range(0, 8).Select(_ => Enumerable.Range(0, random.Next(1, 12)).Select(_ => random.Next(tokenizer.VocabSize + 1)).ToArray()).ToArray();
        if (Ask(new { op = "run", side, texts, ids = lists }) is not { } answer)
        {
            return;
        }

        var before = tally.Differences;
        for (var i = 0; i < texts.Length && tally.Differences < before + MostOfATokenizer; i++)
        {
            tally.Texts++;
            var expected = answer["texts"]![i]!;
            var ids = tokenizer.Encode(texts[i], addSpecialTokens: false);
            if (!Check(name, side, json, texts[i], "ids", expected["plain"], JsonSerializer.Serialize(ids)))
            {
                continue;
            }

            Check(name, side, json, texts[i], "ids with special tokens", expected["special"], JsonSerializer.Serialize(tokenizer.Encode(texts[i], addSpecialTokens: true)));
            Check(name, side, json, texts[i], "decoded", expected["decoded"], JsonSerializer.Serialize(tokenizer.Decode(ids, skipSpecialTokens: false)));
            Check(name, side, json, texts[i], "decoded, skipping", expected["skipping"], JsonSerializer.Serialize(tokenizer.Decode(ids, skipSpecialTokens: true)));
            CheckIncremental(tokenizer, name, json, ids);
        }

        for (var i = 0; i < lists.Length; i++)
        {
            Check(name, side, json, JsonSerializer.Serialize(lists[i]), "decoded random ids", answer["ids"]![i], JsonSerializer.Serialize(tokenizer.Decode(lists[i], skipSpecialTokens: false)));
            CheckIncremental(tokenizer, name, json, [.. lists[i]]);
        }
    }

    private bool Check(string name, string side, string json, string input, string what, JsonNode? expected, string actual)
    {
        if (expected?["value"] is not { } value)
        {
            tally.PeerFailures++;
            return false;
        }

        tally.Comparisons++;
        if (JsonNode.DeepEquals(value, JsonNode.Parse(actual)))
        {
            return true;
        }

        if (side == "js" && RustAgrees(what, input, actual))
        {
            tally.Exclude($"the JavaScript package alone differs: {what}");
            return false;
        }

        Report(name, side, json, input, what, value.ToJsonString(), actual);
        return false;
    }

    /// <summary>
    /// The JavaScript package is another implementation with known differences (U+0085 and U+FEFF in \s, marks of Metaspace's first token, normalised special tokens,
    /// U+FFFD of broken byte runs). Where it differs, the Rust library is asked the same question, and is right.
    /// </summary>
    private bool RustAgrees(string what, string input, string actual)
    {
        var isRow = what == "decoded random ids";
        var answer = Ask(new { op = "run", side = "rust", texts = isRow ? [] : new[] { input }, ids = isRow ? [JsonSerializer.Deserialize<int[]>(input)!] : Array.Empty<int[]>() });
        var value = isRow ? answer?["ids"]?[0] : answer?["texts"]?[0]?[what switch { "ids" => "plain", "decoded" => "decoded", "decoded, skipping" => "skipping", _ => "special" }];
        return value?["value"] is { } right && JsonNode.DeepEquals(right, JsonNode.Parse(actual));
    }

    private void CheckIncremental(Tokenizer tokenizer, string name, string json, List<int> ids)
    {
        // Of a run of byte tokens longer than this the text goes out before the run ends, and what comes out wrong later cannot change it any more.
        if (ids.Count >= ByteRunLimit && !tokenizer.IsByteLevel)
        {
            tally.Exclude("text in pieces of rows that may hold a run of 96 byte tokens");
            return;
        }

        tally.Comparisons++;
        var whole = tokenizer.Decode(ids, skipSpecialTokens: false);
        var detokenizer = new IncrementalDetokenizer(tokenizer, [], skipSpecialTokens: false);
        var text = new StringBuilder();
        foreach (var id in ids)
        {
            text.Append(detokenizer.Append(id));
        }

        text.Append(detokenizer.Flush());
        if (text.ToString() != whole)
        {
            Report(name, "itself", json, JsonSerializer.Serialize(ids), "text in pieces", JsonSerializer.Serialize(whole), JsonSerializer.Serialize(text.ToString()));
        }
    }

    private void Report(string name, string side, string json, string input, string what, string expected, string actual)
    {
        if (++tally.Differences > MostPrinted)
        {
            return;
        }

        Directory.CreateDirectory(options.Findings);
        var finding = Path.Combine(options.Findings, $"{tally.Differences:000}.json");
        var tokenizer = json.Length < 2_000_000 ? JsonNode.Parse(json) : name;
        File.WriteAllText(finding, new JsonObject { ["name"] = name, ["side"] = side, ["what"] = what, ["input"] = input, ["expected"] = expected, ["actual"] = actual, ["tokenizer"] = tokenizer }.ToJsonString());
        output.WriteLine($"{name} against {side}, {what}: {finding}");
        output.WriteLine($"  input    {JsonSerializer.Serialize(input)}");
        output.WriteLine($"  expected {expected}");
        output.WriteLine($"  actual   {actual}");
    }
}
