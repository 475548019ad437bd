namespace Octavo.ServingRuntime.Fetch.Sources.S3;

/// <param name="AccessKeyId">Names the key; no secret, but shown nowhere either.</param>
/// <param name="SecretAccessKey">Signs.</param>
/// <param name="SessionToken">Of temporary credentials; null: none.</param>
/// <param name="Expires">When they end; null: never.</param>
internal sealed record AwsCredentials(string AccessKeyId, string SecretAccessKey, string? SessionToken, DateTimeOffset? Expires = null)
{
    /// <summary>Without the secrets: a record prints its members.</summary>
    public override string ToString() => "AWS credentials";
}
