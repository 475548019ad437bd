using Octavo.ServingContract;

namespace Octavo.ServingRuntime.Fetch.Sources.S3;

/// <param name="Endpoint">Without a bucket; null: AWS's own of the region.</param>
/// <param name="Region">Where to begin; the server may name another.</param>
/// <param name="PathStyle">Whether the bucket is the path's first part and not the host's.</param>
internal sealed record S3Settings(Uri? Endpoint, string Region, bool? PathStyle)
{
    /// <exception cref="FetchException">The endpoint in the environment is no URL.</exception>
    public static S3Settings From(FetchOptions options, FetchEnvironment environment)
    {
        var endpoint = options.S3Endpoint ?? environment.Variable("AWS_ENDPOINT_URL_S3") ?? environment.Variable("AWS_ENDPOINT_URL");
        Uri? uri = null;
        if (endpoint is not null && (!Uri.TryCreate(endpoint.TrimEnd('/') + "/", UriKind.Absolute, out uri) || uri.Scheme is not ("http" or "https")))
        {
            throw new FetchException(FetchExitCode.Usage, $"AWS_ENDPOINT_URL '{SafeName.Of(endpoint)}' is no http or https URL.");
        }

        bool? pathStyle = options.S3Addressing switch { "path" => true, "virtual" => false, _ => null };
        return new S3Settings(uri, environment.Variable("AWS_REGION") ?? environment.Variable("AWS_DEFAULT_REGION") ?? "us-east-1", pathStyle);
    }

    /// <summary>
    /// The bucket's address. By itself: AWS by host name, as it wants it, unless the bucket's name holds dots, which its certificate does not cover;
    /// others by path, which all of them serve.
    /// </summary>
    public (Uri Origin, string BasePath) AddressOf(string bucket, string region)
    {
        var origin = Endpoint ?? new Uri($"https://s3.{region}.{(region.StartsWith("cn-", StringComparison.Ordinal) ? "amazonaws.com.cn" : "amazonaws.com")}/");
        var byPath = PathStyle ?? (Endpoint is not null || bucket.Any(c => c is '.' or '_' || char.IsAsciiLetterUpper(c)));
        var basePath = origin.AbsolutePath.TrimEnd('/');
        return byPath ? (origin, $"{basePath}/{bucket}") : (new UriBuilder(origin) { Host = $"{bucket}.{origin.Host}" }.Uri, basePath);
    }
}
