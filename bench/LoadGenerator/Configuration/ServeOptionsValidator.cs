using Octavo.LoadGenerator.Client;

namespace Octavo.LoadGenerator.Configuration;

/// <summary>Checks options; all errors at once.</summary>
internal static class ServeOptionsValidator
{
    public static IReadOnlyList<string> Validate(ServeOptions options)
    {
        var errors = new List<string>();
        Check(Uri.TryCreate(options.BaseUrl, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https", $"--base-url: '{options.BaseUrl}' is no http or https URL");
        Check(options.MetricsUrl is null || (Uri.TryCreate(options.MetricsUrl, UriKind.Absolute, out var metrics) && metrics.Scheme is "http" or "https"), $"--metrics-url: '{options.MetricsUrl}' is no http or https URL");
        Check(options.Endpoint.StartsWith('/'), $"--endpoint: '{options.Endpoint}' does not begin with a slash");
        Check(options.NumPrompts is null or > 0, "--num-prompts: must be positive");
        Check(options.NumWarmups >= 0, "--num-warmups: must not be negative");
        Check(options.Duration is null || options.Duration > TimeSpan.Zero, "--duration: must be positive");
        Check(options.MaxConcurrency is null or > 0, "--max-concurrency: must be positive");
        Check(options.RequestRate > 0, "--request-rate: must be positive, or inf");
        Check(options.Burstiness > 0 && double.IsFinite(options.Burstiness), "--burstiness: must be positive");
        Check(options.BurstSize > 0, "--burst-size: must be positive");
        Check(options.RampUp is null or { StartRate: > 0, EndRate: > 0 }, "--ramp-up-start-rps, --ramp-up-end-rps: must be positive");
        Check(options.RampUp is null || (options.Duration is null && double.IsInfinity(options.RequestRate) && options.BurstSize == 1), "--ramp-up-strategy: goes with --num-prompts, not with --duration, --request-rate or --burst-size");
        var bounded = double.IsFinite(options.RequestRate) || options.MaxConcurrency is not null || (options.Dataset == DatasetKind.Trace && !options.IgnoreTraceTimes);
        Check(bounded || options.Duration is null, "--duration: without --request-rate or --max-concurrency there is no end of requests to send");
        Check(options.RangeRatio is >= 0 and < 1, "--random-range-ratio: must be within 0..1, without 1");
        Check(options.PrefixLen >= 0 && options.NumPrefixes > 0, "--prefix-len, --num-prefixes: must be positive");
        Check(options.ThinkTime >= TimeSpan.Zero, "--think-time: must not be negative");
        Check(options.VocabSize is null or > 8, "--vocab-size: must be more than 8");
        Check(
            options.VocabSize is null || (options.EndpointKind != EndpointKind.ChatCompletions && options.Dataset is DatasetKind.Random or DatasetKind.Trace),
            "--vocab-size: token ids go to completions and embeddings, with random prompts or a trace");
        Check(options.Dataset is not (DatasetKind.Trace or DatasetKind.ShareGpt) || File.Exists(options.DatasetPath), $"--dataset-path: there is no file '{options.DatasetPath}'");
        Check(options.Dataset != DatasetKind.Conversations || options.EndpointKind != EndpointKind.Embeddings, "--dataset-name conversations: an embedding has no turns");
        Check(options.TimeScale > 0 && options.LengthScale > 0 && options.TraceJitter >= 0 && options.TraceBlockSize > 0, "--time-scale, --length-scale, --trace-jitter, --trace-block-size: must be positive");
        Check(options.MaxInputLen > 0 && options.MaxOutputLen > 0, "--max-input-len, --max-output-len: must be positive");
        Check(options.RequestTimeout > TimeSpan.Zero, "--request-timeout: must be positive");
        Check(options.ReadyTimeout >= TimeSpan.Zero, "--ready-timeout: must not be negative");
        Check(options.MetricsInterval >= TimeSpan.Zero, "--metrics-interval: must not be negative");
        return errors;

        void Check(bool holds, string error)
        {
            if (!holds)
            {
                errors.Add(error);
            }
        }
    }
}
