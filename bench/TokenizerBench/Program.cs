using System.CommandLine;
using Octavo.TokenizerBench;
using Octavo.TokenizerBench.Fuzzing;
using Octavo.TokenizerBench.Measuring;
using Octavo.TokenizerBench.Peer;

var repository = new Option<string>("--repository") { Description = "The repository's root.", DefaultValueFactory = _ => Directory.GetCurrentDirectory() };
var golden = new Option<string?>("--golden") { Description = "The reference data; OCTAVO_GOLDEN where it is not given." };
var rounds = new Option<int>("--rounds") { Description = "Rounds of a measurement.", DefaultValueFactory = _ => 5 };
var bytes = new Option<int>("--bytes") { Description = "Size of the measured text.", DefaultValueFactory = _ => 1_000_000 };
var seconds = new Option<double>("--seconds") { Description = "How long to look for differences.", DefaultValueFactory = _ => 600 };
var seed = new Option<int>("--seed") { Description = "Where chance begins.", DefaultValueFactory = _ => 1 };
var only = new Option<string>("--only") { Description = "Part of the names of the tokenizers to measure.", DefaultValueFactory = _ => "" };

var measure = new Command("measure", "Speed beside Hugging Face's Rust library.") { repository, golden, rounds, bytes, seed, only };
measure.SetAction(parsed =>
{
    var root = parsed.GetValue(repository)!;
    using var peer = PeerProcess.TryStart(Path.Combine(root, ".tools", "tokenizers"), out var why);
    Console.WriteLine(peer is null ? $"skipped: Hugging Face's side ({why})" : "");
    var files = TokenizerFiles.Find(root, parsed.GetValue(golden)).Where(file => file.Contains(parsed.GetValue(only)!, StringComparison.Ordinal)).ToList();
    var options = new MeasureOptions { Files = files, Rounds = parsed.GetValue(rounds), Bytes = parsed.GetValue(bytes), Seed = parsed.GetValue(seed) };
    new Comparison(options, root, peer, Console.Out).Run();
    return 0;
});

var fuzz = new Command("fuzz", "Looks for differences from Hugging Face's libraries.") { repository, golden, seconds, seed };
fuzz.SetAction(parsed =>
{
    var root = parsed.GetValue(repository)!;
    var modules = Path.Combine(root, ".tools", "tokenizers");
    if (PeerProcess.TryStart(modules, out var why) is not { } first)
    {
        Console.WriteLine($"skipped: {why}");
        return 0;
    }

    first.Dispose();
    var options = new FuzzOptions
    {
        Seed = parsed.GetValue(seed), Limit = TimeSpan.FromSeconds(parsed.GetValue(seconds)), Files = TokenizerFiles.Find(root, parsed.GetValue(golden)),
        Findings = Path.Combine(root, "artifacts", "fuzz-tokenizers"),
    };
    var tally = new FuzzCampaign(options, () => PeerProcess.TryStart(modules, out _) ?? throw new IOException("the peer does not start"), TimeProvider.System, Console.Out).Run();
    foreach (var (message, count) in tally.Refused)
    {
        Console.WriteLine($"refused {count}: {message}");
    }

    foreach (var (rule, count) in tally.Excluded)
    {
        Console.WriteLine($"left out {count}: {rule}");
    }

    Console.WriteLine($"seed {options.Seed}: {tally.Tokenizers} tokenizers, {tally.Texts} texts, {tally.Comparisons} comparisons, {tally.Differences} differences; the peer failed {tally.PeerFailures} times");
    return tally.Differences == 0 ? 0 : 1;
});

return new RootCommand("Compares this tokenizer with Hugging Face's.") { measure, fuzz }.Parse(args).Invoke();
