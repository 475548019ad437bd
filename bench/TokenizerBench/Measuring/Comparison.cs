using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.TokenizerBench.Peer;

namespace Octavo.TokenizerBench.Measuring;

/// <summary>
/// This tokenizer and Hugging Face's Rust library (npm's tokenizers) in turn on one core: a text as a whole, the same text as many short ones, and decoding. One thread on
/// either side; the peer's times are taken inside its own process, and its encoding gives ids only as a count, so nothing of it is spent on handing them over.
/// </summary>
public sealed class Comparison(MeasureOptions options, string root, PeerProcess? peer, TextWriter output)
{
    private const int ShortLength = 200;

    public void Run()
    {
        var text = MixedText.Create(root, options.Bytes, new Random(options.Seed));
        var megabytes = Encoding.UTF8.GetByteCount(text) / 1e6;
        string[] shorts = [.. Cut(text)];
        var whole = Write([text]);
        var parts = Write(shorts);
        if (peer is not null)
        {
            var versions = peer.Ask(new { op = "versions" });
            output.WriteLine($"against tokenizers {versions["rust"]} (Rust) by way of Node {versions["node"]}, one thread each");
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{megabytes:F2} MB of mixed text, {shorts.Length} short texts of it; medians of {options.Rounds} rounds in turn"));
        output.WriteLine($"{"tokenizer",-20} {"what",-16} {"ours ms",9} {"MB/s",7} {"Rust ms",9} {"MB/s",7} {"ratio",7} {"tokens",8}");
        foreach (var file in options.Files)
        {
            Measure(file, "whole", [text], whole, megabytes);
            Measure(file, "short", shorts, parts, megabytes);
        }

        File.Delete(whole);
        File.Delete(parts);
    }

    private static IEnumerable<string> Cut(string text)
    {
        for (var at = 0; at < text.Length;)
        {
            var end = Math.Min(text.Length, at + ShortLength);
            end += end < text.Length && char.IsLowSurrogate(text[end]) ? 1 : 0;
            yield return text[at..end];
            at = end;
        }
    }

    private static string Write(IReadOnlyList<string> texts)
    {
        var path = Path.GetTempFileName();
        File.WriteAllLines(path, texts.Select(text => JsonSerializer.Serialize(text)));
        return path;
    }

    private void Measure(string file, string what, string[] texts, string textsFile, double megabytes)
    {
        var tokenizer = TokenizerFiles.Load(file);
        peer?.Ask(new { op = "load", side = "rust", file });
        List<double> ours = [], theirs = [], oursDecoding = [], theirsDecoding = [];
        var (count, peerCount) = (0, 0);
        // The first round warms both sides.
        for (var round = 0; round <= options.Rounds; round++)
        {
            var (encoding, decoding, tokens) = Time(tokenizer, texts);
            count = tokens;
            var answer = peer?.Ask(new { op = "measure", side = "rust", file = textsFile, rounds = 1, decode = true });
            if (round == 0)
            {
                continue;
            }

            ours.Add(encoding);
            oursDecoding.Add(decoding);
            if (answer is not null)
            {
                theirs.Add(answer["encoding"]![0]!.GetValue<double>());
                theirsDecoding.Add(answer["decoding"]![0]!.GetValue<double>());
                peerCount = answer["tokens"]!.GetValue<int>();
            }
        }

        Print(Path.GetFileName(Path.GetDirectoryName(file))!, what, ours, theirs, megabytes, count);
        Print("", what + ", decoding", oursDecoding, theirsDecoding, megabytes, count);
        if (peer is not null && peerCount != count)
        {
            output.WriteLine($"DIFFERENT: {peerCount} tokens there");
        }
    }

    private static (double Encoding, double Decoding, int Tokens) Time(Tokenizer tokenizer, string[] texts)
    {
        var tokens = 0;
        var lists = new List<int>[texts.Length];
        var begin = Stopwatch.GetTimestamp();
        for (var i = 0; i < texts.Length; i++)
        {
            lists[i] = tokenizer.Encode(texts[i], addSpecialTokens: false);
            tokens += lists[i].Count;
        }

        var encoding = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
        begin = Stopwatch.GetTimestamp();
        foreach (var list in lists)
        {
            tokenizer.Decode(list, skipSpecialTokens: false);
        }

        return (encoding, Stopwatch.GetElapsedTime(begin).TotalMilliseconds, tokens);
    }

    private void Print(string name, string what, List<double> ours, List<double> theirs, double megabytes, int tokens)
    {
        var mine = Median(ours);
        var peerPart = theirs.Count == 0 ? $"{"-",9} {"-",7} {"-",7}"
            : string.Create(CultureInfo.InvariantCulture, $"{Median(theirs),9:F1} {megabytes / Median(theirs) * 1000,7:F1} {Median([.. theirs.Zip(ours, (t, o) => t / o)]),7:F1}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-20} {what,-16} {mine,9:F1} {megabytes / mine * 1000,7:F1} {peerPart} {tokens,8}"));
    }

    private static double Median(List<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }
}
