using System.Globalization;
using System.Text.Json;
using System.Xml;
using System.Xml.Linq;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch.Transfer;

namespace Octavo.ServingRuntime.Fetch.Sources.S3;

/// <summary>
/// Where credentials come from, in the order of AWS's SDKs: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (AWS_SESSION_TOKEN); a web identity
/// (AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN: IRSA); a container's (AWS_CONTAINER_CREDENTIALS_FULL_URI: EKS Pod Identity); the shared file's
/// profile. None of them: requests are anonymous. Temporary ones are renewed before they end.
/// </summary>
internal sealed class AwsCredentialChain(FetchEnvironment environment, HttpTransport transport)
{
    private const int MostBytes = 1 << 20;
    private static readonly TimeSpan RenewBefore = TimeSpan.FromMinutes(5);
    private readonly SemaphoreSlim gate = new(1);
    private bool isFound;
    private AwsCredentials? credentials;

    /// <summary>Null: anonymous.</summary>
    public async Task<AwsCredentials?> GetAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!isFound || credentials?.Expires < environment.Time.GetUtcNow() + RenewBefore)
            {
                credentials = FromVariables() ?? await FromWebIdentityAsync(cancellationToken).ConfigureAwait(false)
                    ?? await FromContainerAsync(cancellationToken).ConfigureAwait(false) ?? FromSharedFile();
                isFound = true;
            }

            return credentials;
        }
        finally
        {
            gate.Release();
        }
    }

    private AwsCredentials? FromVariables() =>
        environment.Variable("AWS_ACCESS_KEY_ID")?.Trim() is { Length: > 0 } id && environment.Variable("AWS_SECRET_ACCESS_KEY")?.Trim() is { Length: > 0 } secret
            ? new AwsCredentials(id, secret, environment.Variable("AWS_SESSION_TOKEN")?.Trim())
            : null;

    /// <summary>STS AssumeRoleWithWebIdentity, which needs no signature.</summary>
    private async Task<AwsCredentials?> FromWebIdentityAsync(CancellationToken cancellationToken)
    {
        if (environment.Variable("AWS_WEB_IDENTITY_TOKEN_FILE") is not { } tokenFile || environment.Variable("AWS_ROLE_ARN") is not { } role)
        {
            return null;
        }

        var region = environment.Variable("AWS_REGION") ?? environment.Variable("AWS_DEFAULT_REGION");
        var endpoint = environment.Variable("AWS_ENDPOINT_URL_STS") ?? (region is null ? "https://sts.amazonaws.com/" : $"https://sts.{region}.amazonaws.com/");
        var request = new TransportRequest(new Uri(endpoint), $"the role {role}")
        {
            Method = HttpMethod.Post,
            FollowRedirects = false,
            Form = new Dictionary<string, string>
            {
                ["Action"] = "AssumeRoleWithWebIdentity",
                ["Version"] = "2011-06-15",
                ["RoleArn"] = role,
                ["RoleSessionName"] = environment.Variable("AWS_ROLE_SESSION_NAME") ?? "octavo-fetch",
                ["WebIdentityToken"] = TokenFile.Read(tokenFile),
            },
        };
        using var response = await transport.SendAsync(request, cancellationToken).ConfigureAwait(false);
        var body = await transport.ReadAsync(response, request.What, MostBytes, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw StatusFailure.Of(response, request.What, environment.Time, S3Error.CodeOf(body));
        }

        try
        {
            var found = XDocument.Load(new MemoryStream(body)).Descendants().First(e => e.Name.LocalName == "Credentials");
            string Text(string name) => found.Elements().First(e => e.Name.LocalName == name).Value;
            return new AwsCredentials(Text("AccessKeyId"), Text("SecretAccessKey"), Text("SessionToken"), DateTimeOffset.Parse(Text("Expiration"), CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is XmlException or InvalidOperationException or FormatException)
        {
            throw new FetchException(FetchExitCode.Unexpected, $"{request.What}: the security token service answers no credentials.", e);
        }
    }

    private async Task<AwsCredentials?> FromContainerAsync(CancellationToken cancellationToken)
    {
        if (environment.Variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") is not { } address)
        {
            return null;
        }

        // As AWS's SDKs: over plain http only to this machine or the addresses of the agents of ECS and EKS.
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || (!HttpTransport.IsPrivate(uri) && uri.Host is not ("169.254.170.2" or "169.254.170.23" or "[fd00:ec2::23]")))
        {
            throw new FetchException(FetchExitCode.Usage, "AWS_CONTAINER_CREDENTIALS_FULL_URI is no address that credentials are asked of.");
        }

        var request = new TransportRequest(uri, "the container's AWS credentials")
        {
            FollowRedirects = false,
            Authorization = environment.Variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") is { } file ? TokenFile.Read(file) : environment.Variable("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
        };
        using var response = await transport.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw StatusFailure.Of(response, request.What, environment.Time);
        }

        try
        {
            using var document = JsonDocument.Parse(await transport.ReadAsync(response, request.What, MostBytes, cancellationToken).ConfigureAwait(false));
            var root = document.RootElement;
            return new AwsCredentials(
                root.GetProperty("AccessKeyId").GetString()!, root.GetProperty("SecretAccessKey").GetString()!, root.GetProperty("Token").GetString(), root.GetProperty("Expiration").GetDateTimeOffset());
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new FetchException(FetchExitCode.Unexpected, $"{request.What}: the agent answers no credentials.", e);
        }
    }

    /// <summary>AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials, the profile AWS_PROFILE or default.</summary>
    private AwsCredentials? FromSharedFile()
    {
        var named = environment.Variable("AWS_SHARED_CREDENTIALS_FILE");
        var path = named ?? (environment.Variable("HOME") is { } home ? Path.Combine(home, ".aws", "credentials") : null);
        if (path is null || (named is null && !File.Exists(path)))
        {
            return null;
        }

        var profile = environment.Variable("AWS_PROFILE") ?? "default";
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var isOurs = false;
        foreach (var line in TokenFile.Read(path).Split('\n').Select(l => l.Trim()))
        {
            if (line.StartsWith('[') && line.EndsWith(']'))
            {
                isOurs = line[1..^1].Trim() == profile;
            }
            else if (isOurs && line.Split('=', 2) is [var name, var value] && !line.StartsWith('#'))
            {
                values[name.Trim()] = value.Trim();
            }
        }

        return values.TryGetValue("aws_access_key_id", out var id) && values.TryGetValue("aws_secret_access_key", out var secret)
            ? new AwsCredentials(id, secret, values.GetValueOrDefault("aws_session_token"))
            : null;
    }
}
