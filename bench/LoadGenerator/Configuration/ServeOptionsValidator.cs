namespace Octavo.LoadGenerator.Configuration;

/// <summary>Checks options; all errors at once.</summary>
internal static class ServeOptionsValidator
{
    public static IReadOnlyList<string> Validate(ServeOptions options)
    {
        var errors = new List<string>();
        Check(Uri.TryCreate(options.BaseUrl, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https", $"--base-url: '{options.BaseUrl}' is no http or https URL");
        Check(options.Endpoint.StartsWith('/'), $"--endpoint: '{options.Endpoint}' does not begin with a slash");
        Check(options.NumPrompts is null or > 0, "--num-prompts: must be positive");
        Check(options.Duration is null || options.Duration > TimeSpan.Zero, "--duration: must be positive");
        Check(options.MaxConcurrency is null or > 0, "--max-concurrency: must be positive");
        Check(options.RequestRate > 0, "--request-rate: must be positive, or inf");
        Check(double.IsFinite(options.RequestRate) || options.MaxConcurrency is not null || options.Duration is null, "--duration: without --request-rate or --max-concurrency there is no end of requests to send");
        Check(options.RandomInputLen > 0 && options.RandomOutputLen > 0, "--random-input-len, --random-output-len: must be positive");
        Check(options.RandomRangeRatio is >= 0 and < 1, "--random-range-ratio: must be within 0..1, without 1");
        Check(options.PrefixLen > 0 && options.SuffixLen > 0 && options.NumPrefixes > 0 && options.PrefixOutputLen > 0, "--prefix-repetition-*: must be positive");
        Check(options.RequestTimeout > TimeSpan.Zero, "--request-timeout: must be positive");
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
