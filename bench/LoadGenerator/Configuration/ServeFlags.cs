using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.LoadGenerator.Workload;

namespace Octavo.LoadGenerator.Configuration;

/// <summary>The flags of one run, shared by the verbs that make runs: flags → <see cref="ServeOptions"/>.</summary>
internal sealed class ServeFlags
{
    private static readonly ServeOptions Defaults = new();

    private readonly Option<string> baseUrl = new("--base-url") { Description = "Server, without the path.", DefaultValueFactory = _ => Defaults.BaseUrl };
    private readonly Option<string?> model = new("--model") { Description = "Model name. Default: the first of /v1/models." };
    private readonly Option<string> endpoint = new("--endpoint") { Description = "Path of the API: completions, chat/completions or embeddings.", DefaultValueFactory = _ => Defaults.Endpoint };
    private readonly Option<string?> apiKey = new("--api-key") { Description = "Bearer token. Default: OPENAI_API_KEY." };
    private readonly Option<string[]> headers = new("--header") { Description = "Further header, name=value.", AllowMultipleArgumentsPerToken = true };
    private readonly Option<JsonObject?> extraBody = new("--extra-body") { Description = "JSON object whose members every request gets.", CustomParser = ParseObject };
    private readonly Option<int?> numPrompts = new("--num-prompts") { Description = $"Requests to send. Default: {ServeOptions.DefaultNumPrompts}, all of a trace, or as many as --duration allows." };
    private readonly Option<double?> duration = new("--duration") { Description = "Seconds after which no more requests are sent." };
    private readonly Option<int> warmups = new("--num-warmups") { Description = "Requests sent and answered before anything is counted." };
    private readonly Option<int?> concurrency = new("--max-concurrency") { Description = "Requests (conversations) in flight at once." };
    private readonly Option<double> rate = new("--request-rate") { Description = "Arrivals per second, whatever the answers do; inf: all at once.", DefaultValueFactory = _ => double.PositiveInfinity, CustomParser = ParseRate };
    private readonly Option<double> burstiness = new("--burstiness") { Description = "Shape of the gamma distributed gaps: 1 Poisson, less is burstier.", DefaultValueFactory = _ => Defaults.Burstiness };
    private readonly Option<int> burstSize = new("--burst-size") { Description = "Requests that arrive at once, at the same rate in all.", DefaultValueFactory = _ => Defaults.BurstSize };
    private readonly Option<string?> rampUp = new("--ramp-up-strategy") { Description = "linear or exponential: the rate goes from --ramp-up-start-rps to --ramp-up-end-rps." };
    private readonly Option<double> rampStart = new("--ramp-up-start-rps") { Description = "Rate of a ramp's first request.", DefaultValueFactory = _ => 1 };
    private readonly Option<double> rampEnd = new("--ramp-up-end-rps") { Description = "Rate of a ramp's last request.", DefaultValueFactory = _ => 10 };
    private readonly Option<int> seed = new("--seed") { Description = "Seed of prompts and arrivals.", DefaultValueFactory = _ => Defaults.Seed };
    private readonly Option<string> dataset = new("--dataset-name") { Description = "random, prefix_repetition, conversations, trace or sharegpt.", DefaultValueFactory = _ => "random" };
    private readonly Option<string?> datasetPath = new("--dataset-path") { Description = "File of a trace (Mooncake JSON lines or CSV, also .gz) or of ShareGPT." };
    private readonly Option<LengthDistribution> inputLen = Length("--random-input-len", "Tokens of a prompt: 128, 64..256, exp:128 or lognormal:128:1, the last two cut at a third (fourth) number.", Defaults.InputLen, "--input-len", "--prefix-repetition-suffix-len");
    private readonly Option<LengthDistribution> outputLen = Length("--random-output-len", "Most tokens generated, likewise.", Defaults.OutputLen, "--output-len", "--prefix-repetition-output-len", "--sharegpt-output-len");
    private readonly Option<double> rangeRatio = new("--random-range-ratio") { Description = "Spread of fixed lengths, 0..1.", DefaultValueFactory = _ => Defaults.RangeRatio };
    private readonly Option<int?> prefixLen = new("--prefix-len", "--random-prefix-len", "--prefix-repetition-prefix-len") { Description = "Tokens of a prefix that prompts share." };
    private readonly Option<int?> numPrefixes = new("--num-prefixes", "--prefix-repetition-num-prefixes") { Description = "Different prefixes." };
    private readonly Option<LengthDistribution> turns = Length("--num-turns", "Turns of a conversation.", Defaults.Turns);
    private readonly Option<double> thinkTime = new("--think-time") { Description = "Seconds between an answer and a conversation's next turn." };
    private readonly Option<int?> vocabSize = new("--vocab-size") { Description = "Send random token ids below this (exact lengths) instead of words." };
    private readonly Option<double> timeScale = new("--time-scale") { Description = "Replay a trace this many times as fast.", DefaultValueFactory = _ => Defaults.TimeScale };
    private readonly Option<double> lengthScale = new("--length-scale") { Description = "Factor of a trace's lengths.", DefaultValueFactory = _ => Defaults.LengthScale };
    private readonly Option<double> traceJitter = new("--trace-jitter") { Description = "Seconds of random delay for a trace whose times are coarse." };
    private readonly Option<int> traceBlock = new("--trace-block-size") { Description = "Tokens of a block that a trace names.", DefaultValueFactory = _ => Defaults.TraceBlockSize };
    private readonly Option<bool> ignoreTimes = new("--ignore-trace-times") { Description = "Take only lengths from a trace." };
    private readonly Option<int> maxInput = new("--max-input-len") { Description = "Longest prompt of a trace or ShareGPT.", DefaultValueFactory = _ => Defaults.MaxInputLen };
    private readonly Option<int> maxOutput = new("--max-output-len") { Description = "Longest answer of a trace or ShareGPT.", DefaultValueFactory = _ => Defaults.MaxOutputLen };
    private readonly Option<bool> ignoreEos = new("--ignore-eos") { Description = "Generate up to the limit." };
    private readonly Option<double?> temperature = new("--temperature") { Description = "Default: the server's." };
    private readonly Option<bool> noStream = new("--no-stream") { Description = "Ask for whole answers." };
    private readonly Option<double> timeout = new("--request-timeout") { Description = "Seconds after which a request counts as failed.", DefaultValueFactory = _ => Defaults.RequestTimeout.TotalSeconds };
    private readonly Option<double> ready = new("--ready-timeout") { Description = "Seconds to wait for a server that does not answer yet." };
    private readonly Option<string[]> goodput = new("--goodput") { Description = "What makes an answer good, in ms: ttft:200 tpot:50 e2el:5000.", AllowMultipleArgumentsPerToken = true };
    private readonly Option<string?> metricsUrl = new("--metrics-url") { Description = "Default: /metrics of the server." };
    private readonly Option<double> metricsInterval = new("--metrics-interval") { Description = "Seconds between looks at the server's metrics; 0: only before and after.", DefaultValueFactory = _ => Defaults.MetricsInterval.TotalSeconds };
    private readonly Option<bool> noMetrics = new("--no-metrics") { Description = "Leave the server's metrics alone." };
    private readonly Option<string?> label = new("--label") { Description = "What reports call this run." };
    private readonly Option<bool> quiet = new("--quiet") { Description = "Print nothing but errors." };
    private readonly Option<string?> json = new("--json", "--result-filename") { Description = "File for the result." };
    private readonly Option<bool> detailed = new("--save-detailed") { Description = "Every request's times into the result." };

    public ServeFlags()
    {
        dataset.AcceptOnlyFromAmong("random", "prefix_repetition", "conversations", "trace", "sharegpt");
        rampUp.AcceptOnlyFromAmong("linear", "exponential");
    }

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[
            baseUrl, model, endpoint, apiKey, headers, extraBody, numPrompts, duration, warmups, concurrency, rate, burstiness, burstSize, rampUp, rampStart, rampEnd, seed, dataset, datasetPath,
            inputLen, outputLen, rangeRatio, prefixLen, numPrefixes, turns, thinkTime, vocabSize, timeScale, lengthScale, traceJitter, traceBlock, ignoreTimes, maxInput, maxOutput, ignoreEos,
            temperature, noStream, timeout, ready, goodput, metricsUrl, metricsInterval, noMetrics, label, quiet, json, detailed])
        {
            command.Add(option);
        }
    }

    /// <summary>The options, and what is wrong with them, all at once.</summary>
    public (ServeOptions Options, IReadOnlyList<string> Errors) Read(ParseResult result)
    {
        var errors = new List<string>();
        var prefixed = result.GetValue(dataset) == "prefix_repetition";
        var words = (result.GetValue(goodput) ?? []).SelectMany(w => w.Split(' ', ',', StringSplitOptions.RemoveEmptyEntries)).ToArray();
        var level = words.Length > 0 ? ServiceLevel.Parse(words) : null;
        if (words.Length > 0 && level is null)
        {
            errors.Add($"--goodput: '{string.Join(' ', words)}' is not like ttft:200 tpot:50 e2el:5000");
        }

        var options = new ServeOptions
        {
            BaseUrl = result.GetValue(baseUrl)!,
            Model = result.GetValue(model),
            Endpoint = result.GetValue(endpoint)!,
            ApiKey = result.GetValue(apiKey) ?? Environment.GetEnvironmentVariable("OPENAI_API_KEY"),
            Headers = [.. (result.GetValue(headers) ?? []).Select(h => h.Split('=', 2)).Select(p => KeyValuePair.Create(p[0], p.Length > 1 ? p[1] : ""))],
            ExtraBody = result.GetValue(extraBody),
            NumPrompts = result.GetValue(numPrompts),
            Duration = result.GetValue(duration) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            NumWarmups = result.GetValue(warmups),
            MaxConcurrency = result.GetValue(concurrency),
            RequestRate = result.GetValue(rate),
            Burstiness = result.GetValue(burstiness),
            BurstSize = result.GetValue(burstSize),
            RampUp = result.GetValue(rampUp) is { } ramp ? new RampUp(ramp == "exponential", result.GetValue(rampStart), result.GetValue(rampEnd)) : null,
            Seed = result.GetValue(seed),
            Dataset = result.GetValue(dataset) switch
            {
                "conversations" => DatasetKind.Conversations,
                "trace" => DatasetKind.Trace,
                "sharegpt" => DatasetKind.ShareGpt,
                _ => DatasetKind.Random,
            },
            DatasetPath = result.GetValue(datasetPath),
            InputLen = prefixed && !Given(result, inputLen) ? LengthDistribution.Fixed(64) : result.GetValue(inputLen)!,
            OutputLen = result.GetValue(outputLen)!,
            OutputLenGiven = Given(result, outputLen),
            RangeRatio = result.GetValue(rangeRatio),
            PrefixLen = result.GetValue(prefixLen) ?? (prefixed ? 256 : 0),
            NumPrefixes = result.GetValue(numPrefixes) ?? (prefixed ? 10 : 1),
            Turns = result.GetValue(turns)!,
            ThinkTime = TimeSpan.FromSeconds(result.GetValue(thinkTime)),
            VocabSize = result.GetValue(vocabSize),
            TimeScale = result.GetValue(timeScale),
            LengthScale = result.GetValue(lengthScale),
            TraceJitter = result.GetValue(traceJitter),
            TraceBlockSize = result.GetValue(traceBlock),
            IgnoreTraceTimes = result.GetValue(ignoreTimes),
            MaxInputLen = result.GetValue(maxInput),
            MaxOutputLen = result.GetValue(maxOutput),
            IgnoreEos = result.GetValue(ignoreEos),
            Temperature = result.GetValue(temperature),
            NoStream = result.GetValue(noStream),
            RequestTimeout = TimeSpan.FromSeconds(result.GetValue(timeout)),
            ReadyTimeout = TimeSpan.FromSeconds(result.GetValue(ready)),
            Goodput = level,
            MetricsUrl = result.GetValue(metricsUrl),
            MetricsInterval = TimeSpan.FromSeconds(result.GetValue(metricsInterval)),
            NoMetrics = result.GetValue(noMetrics),
            Label = result.GetValue(label),
            Quiet = result.GetValue(quiet),
            JsonPath = result.GetValue(json),
            SaveDetailed = result.GetValue(detailed),
        };
        errors.AddRange(ServeOptionsValidator.Validate(options));
        return (options, errors);
    }

    private static bool Given(ParseResult result, Option option) => result.GetResult(option) is { Implicit: false };

    private static Option<LengthDistribution> Length(string name, string description, LengthDistribution value, params string[] aliases) => new(name, aliases)
    {
        Description = description,
        DefaultValueFactory = _ => value,
        CustomParser = argument =>
        {
            var length = LengthDistribution.Parse(argument.Tokens[0].Value);
            if (length is null)
            {
                argument.AddError($"{name}: '{argument.Tokens[0].Value}' is no length such as 128, 64..256, exp:128 or lognormal:128:1");
            }

            return length ?? value;
        },
    };

    private static double ParseRate(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (text.Equals("inf", StringComparison.OrdinalIgnoreCase))
        {
            return double.PositiveInfinity;
        }

        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var rate))
        {
            result.AddError($"--request-rate: '{text}' is neither a number nor inf");
        }

        return rate;
    }

    private static JsonObject? ParseObject(ArgumentResult result)
    {
        try
        {
            if (JsonNode.Parse(result.Tokens[0].Value) is JsonObject parsed)
            {
                return parsed;
            }
        }
        catch (JsonException)
        {
            // Told below.
        }

        result.AddError($"--extra-body: '{result.Tokens[0].Value}' is no JSON object");
        return null;
    }
}
