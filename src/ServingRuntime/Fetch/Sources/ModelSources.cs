using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch.Sources.Gcs;
using Octavo.ServingRuntime.Fetch.Sources.HuggingFace;
using Octavo.ServingRuntime.Fetch.Sources.Oci;
using Octavo.ServingRuntime.Fetch.Sources.S3;
using Octavo.ServingRuntime.Fetch.Sources.Web;
using Octavo.ServingRuntime.Fetch.Transfer;

namespace Octavo.ServingRuntime.Fetch.Sources;

/// <summary>The source that a URI means.</summary>
internal static class ModelSources
{
    public const string Schemes = "hf://org/name[@revision], s3://bucket/prefix, gs://bucket/prefix, https://host/folder/, oci://registry/repository:tag or file:///path";

    /// <exception cref="FetchException">The URI is malformed, or of a scheme that is not known.</exception>
    public static IModelSource Create(FetchOptions options, FetchEnvironment environment, HttpTransport transport)
    {
        var end = options.Uri.IndexOf("://", StringComparison.Ordinal);
        if (end <= 0)
        {
            throw new FetchException(FetchExitCode.Usage, $"'{SafeName.Of(options.Uri)}' is no URI: write {Schemes}.");
        }

        var (scheme, rest) = (options.Uri[..end], options.Uri[(end + 3)..]);
        return scheme switch
        {
            "hf" => new HuggingFaceSource(HuggingFaceUri.Parse(rest), HuggingFaceSettings.From(options, environment), transport, environment.Time),
            "s3" => new S3Source(ObjectPrefix.Parse("s3", rest), S3Settings.From(options, environment), new AwsCredentialChain(environment, transport), transport, environment.Time),
            "gs" => new GcsSource(ObjectPrefix.Parse("gs", rest), GcsSettings.From(options, environment), new GcsCredentials(options, environment, transport), transport, environment.Time),
            "https" or "http" => WebSource.Create(options, environment, transport),
            "oci" => OciSource.Create(rest, options, environment, transport),
            "pvc" => throw new FetchException(FetchExitCode.UnsupportedSource, $"{SafeName.Of(options.Uri)} is a claim, which the operator mounts: give the path where it is mounted as file:///path."),
            _ => throw new FetchException(FetchExitCode.UnsupportedSource, $"The scheme {scheme} of {SafeName.Of(options.Uri)} is not supported: write {Schemes}."),
        };
    }
}
