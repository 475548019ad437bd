using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Octavo.LoadGenerator.Configuration;

/// <summary>The verb <c>serve</c>: flags → <see cref="ServeOptions"/>.</summary>
internal static class ServeCommand
{
    /// <param name="run">Gets options that are valid; returns the exit code.</param>
    /// <param name="error">Where errors of validation go, one a line.</param>
    public static Command Create(Func<ServeOptions, CancellationToken, Task<int>> run, TextWriter error)
    {
        var defaults = new ServeOptions();
        var baseUrl = new Option<string>("--base-url") { Description = "Server, without the path.", DefaultValueFactory = _ => defaults.BaseUrl };
        var model = new Option<string?>("--model") { Description = "Model name. Default: the first of /v1/models." };
        var endpoint = new Option<string>("--endpoint") { Description = "Path of the API.", DefaultValueFactory = _ => defaults.Endpoint };
        var apiKey = new Option<string?>("--api-key") { Description = "Bearer token. Default: OPENAI_API_KEY." };
        var numPrompts = new Option<int?>("--num-prompts") { Description = $"Requests to send. Default: {ServeOptions.DefaultNumPrompts}, or as many as --duration allows." };
        var duration = new Option<double?>("--duration") { Description = "Seconds after which no more requests are sent." };
        var concurrency = new Option<int?>("--max-concurrency") { Description = "Requests in flight at once." };
        var rate = new Option<double>("--request-rate") { Description = "Requests per second, as a Poisson process; inf: all at once.", DefaultValueFactory = _ => double.PositiveInfinity, CustomParser = ParseRate };
        var seed = new Option<int>("--seed") { Description = "Seed of prompts and arrivals.", DefaultValueFactory = _ => defaults.Seed };
        var dataset = new Option<string>("--dataset-name") { Description = "Prompts.", DefaultValueFactory = _ => "random" };
        dataset.AcceptOnlyFromAmong("random", "prefix_repetition");
        var inputLen = new Option<int>("--random-input-len") { Description = "Tokens of a random prompt.", DefaultValueFactory = _ => defaults.RandomInputLen };
        var outputLen = new Option<int>("--random-output-len") { Description = "Most tokens generated for a random prompt.", DefaultValueFactory = _ => defaults.RandomOutputLen };
        var rangeRatio = new Option<double>("--random-range-ratio") { Description = "Spread of random lengths, 0..1.", DefaultValueFactory = _ => defaults.RandomRangeRatio };
        var prefixLen = new Option<int>("--prefix-repetition-prefix-len") { Description = "Tokens of a shared prefix.", DefaultValueFactory = _ => defaults.PrefixLen };
        var suffixLen = new Option<int>("--prefix-repetition-suffix-len") { Description = "Tokens of what follows it.", DefaultValueFactory = _ => defaults.SuffixLen };
        var numPrefixes = new Option<int>("--prefix-repetition-num-prefixes") { Description = "Different prefixes.", DefaultValueFactory = _ => defaults.NumPrefixes };
        var prefixOutputLen = new Option<int>("--prefix-repetition-output-len") { Description = "Most tokens generated.", DefaultValueFactory = _ => defaults.PrefixOutputLen };
        var ignoreEos = new Option<bool>("--ignore-eos") { Description = "Generate up to the limit." };
        var temperature = new Option<double?>("--temperature") { Description = "Default: the server's." };
        var timeout = new Option<double>("--request-timeout") { Description = "Seconds after which a request counts as failed.", DefaultValueFactory = _ => defaults.RequestTimeout.TotalSeconds };
        var quiet = new Option<bool>("--quiet") { Description = "Print nothing but errors." };
        var json = new Option<string?>("--json") { Description = "File for the result." };

        var command = new Command("serve", "Measures latency and throughput of streamed answers. Exits 1 if a request failed.")
        {
            baseUrl, model, endpoint, apiKey, numPrompts, duration, concurrency, rate, seed, dataset, inputLen, outputLen, rangeRatio, prefixLen, suffixLen, numPrefixes, prefixOutputLen,
            ignoreEos, temperature, timeout, quiet, json,
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            var options = new ServeOptions
            {
                BaseUrl = result.GetValue(baseUrl)!,
                Model = result.GetValue(model),
                Endpoint = result.GetValue(endpoint)!,
                ApiKey = result.GetValue(apiKey) ?? Environment.GetEnvironmentVariable("OPENAI_API_KEY"),
                NumPrompts = result.GetValue(numPrompts),
                Duration = result.GetValue(duration) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
                MaxConcurrency = result.GetValue(concurrency),
                RequestRate = result.GetValue(rate),
                Seed = result.GetValue(seed),
                Dataset = result.GetValue(dataset) == "random" ? DatasetKind.Random : DatasetKind.PrefixRepetition,
                RandomInputLen = result.GetValue(inputLen),
                RandomOutputLen = result.GetValue(outputLen),
                RandomRangeRatio = result.GetValue(rangeRatio),
                PrefixLen = result.GetValue(prefixLen),
                SuffixLen = result.GetValue(suffixLen),
                NumPrefixes = result.GetValue(numPrefixes),
                PrefixOutputLen = result.GetValue(prefixOutputLen),
                IgnoreEos = result.GetValue(ignoreEos),
                Temperature = result.GetValue(temperature),
                RequestTimeout = TimeSpan.FromSeconds(result.GetValue(timeout)),
                Quiet = result.GetValue(quiet),
                JsonPath = result.GetValue(json),
            };
            var errors = ServeOptionsValidator.Validate(options);
            foreach (var message in errors)
            {
                await error.WriteLineAsync(message);
            }

            return errors.Count > 0 ? 2 : await run(options, cancellationToken);
        });
        return command;
    }

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
}
