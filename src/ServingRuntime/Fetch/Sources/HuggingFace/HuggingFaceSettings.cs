using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch.Transfer;

namespace Octavo.ServingRuntime.Fetch.Sources.HuggingFace;

/// <param name="Endpoint">The Hub or a mirror of it, without a slash at its end.</param>
/// <param name="Token">The access token; null: none.</param>
internal sealed record HuggingFaceSettings(string Endpoint, string? Token)
{
    /// <summary>
    /// The endpoint by option, HF_ENDPOINT or the Hub. The token by --token-file, HF_TOKEN, HUGGING_FACE_HUB_TOKEN, HF_TOKEN_PATH, $HF_HOME/token or
    /// ~/.cache/huggingface/token, as huggingface_hub has it.
    /// </summary>
    /// <exception cref="FetchException">A token would go over plain http.</exception>
    public static HuggingFaceSettings From(FetchOptions options, FetchEnvironment environment)
    {
        var endpoint = (options.HfEndpoint ?? environment.Variable("HF_ENDPOINT") ?? "https://huggingface.co").TrimEnd('/');
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        {
            throw new FetchException(FetchExitCode.Usage, $"HF_ENDPOINT '{SafeName.Of(endpoint)}' is no http or https URL.");
        }

        var token = FindToken(options, environment);
        return token is not null && !options.Insecure && !HttpTransport.IsPrivate(uri)
            ? throw new FetchException(FetchExitCode.Usage, $"The Hugging Face token would go to {SafeName.Of(endpoint)} over plain http: use https, or --insecure to do it all the same.")
            : new HuggingFaceSettings(endpoint, token);
    }

    private static string? FindToken(FetchOptions options, FetchEnvironment environment)
    {
        if (options.TokenFile is { } given)
        {
            return TokenFile.Read(given);
        }

        if ((environment.Variable("HF_TOKEN") ?? environment.Variable("HUGGING_FACE_HUB_TOKEN"))?.Trim() is { Length: > 0 } token)
        {
            return token;
        }

        if (environment.Variable("HF_TOKEN_PATH") is { } named)
        {
            return TokenFile.Read(named);
        }

        var home = environment.Variable("HF_HOME") ?? (environment.Variable("HOME") is { } user ? Path.Combine(user, ".cache", "huggingface") : null);
        return home is not null && Path.Combine(home, "token") is var path && File.Exists(path) ? TokenFile.Read(path) : null;
    }
}
