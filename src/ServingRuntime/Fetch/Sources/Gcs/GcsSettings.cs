using Octavo.ServingContract;

namespace Octavo.ServingRuntime.Fetch.Sources.Gcs;

/// <param name="Endpoint">Without a slash at its end.</param>
internal sealed record GcsSettings(string Endpoint)
{
    public const string Google = "https://storage.googleapis.com";

    /// <exception cref="FetchException">The endpoint in the environment is no URL.</exception>
    public static GcsSettings From(FetchOptions options, FetchEnvironment environment)
    {
        var endpoint = options.GcsEndpoint ?? environment.Variable("STORAGE_EMULATOR_HOST") ?? Google;
        endpoint = endpoint.Contains("://", StringComparison.Ordinal) ? endpoint : $"http://{endpoint}";
        return Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? new GcsSettings(endpoint.TrimEnd('/'))
            : throw new FetchException(FetchExitCode.Usage, $"STORAGE_EMULATOR_HOST '{SafeName.Of(endpoint)}' is no http or https URL.");
    }
}
