using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch.Transfer;

namespace Octavo.ServingRuntime.Fetch.Sources.Gcs;

/// <summary>
/// Bearer tokens for Cloud Storage: --token-file, GOOGLE_OAUTH_ACCESS_TOKEN or CLOUDSDK_AUTH_ACCESS_TOKEN as they are; a service account's key
/// (GOOGLE_APPLICATION_CREDENTIALS, or its JSON in GOOGLE_APPLICATION_CREDENTIALS_JSON) by a signed assertion (RFC 7523); in a cluster the metadata
/// server (Workload Identity). None of them: requests are anonymous. Tokens are renewed before they end.
/// </summary>
internal sealed class GcsCredentials(FetchOptions options, FetchEnvironment environment, HttpTransport transport)
{
    private const string Scope = "https://www.googleapis.com/auth/devstorage.read_only";
    private const int MostBytes = 1 << 20;
    private static readonly TimeSpan RenewBefore = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan MetadataTimeout = TimeSpan.FromSeconds(3);
    private readonly SemaphoreSlim gate = new(1);
    private bool isFound;
    private string? token;
    private DateTimeOffset expires = DateTimeOffset.MaxValue;

    /// <summary>The Authorization header; null: anonymous.</summary>
    public async Task<string?> GetAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!isFound || expires < environment.Time.GetUtcNow() + RenewBefore)
            {
                token = Given() ?? await FromServiceAccountAsync(cancellationToken).ConfigureAwait(false) ?? await FromMetadataAsync(cancellationToken).ConfigureAwait(false);
                isFound = true;
            }

            return token is null ? null : $"Bearer {token}";
        }
        finally
        {
            gate.Release();
        }
    }

    private string? Given() =>
        options.TokenFile is { } file ? TokenFile.Read(file) : (environment.Variable("GOOGLE_OAUTH_ACCESS_TOKEN") ?? environment.Variable("CLOUDSDK_AUTH_ACCESS_TOKEN"))?.Trim();

    private async Task<string?> FromServiceAccountAsync(CancellationToken cancellationToken)
    {
        var json = environment.Variable("GOOGLE_APPLICATION_CREDENTIALS_JSON") ?? (environment.Variable("GOOGLE_APPLICATION_CREDENTIALS") is { } path ? TokenFile.Read(path) : null);
        if (json is null)
        {
            return null;
        }

        string assertion, tokenUri;
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            if (root.GetProperty("type").GetString() != "service_account")
            {
                throw new FetchException(FetchExitCode.Unauthorized, "The Google credentials are no service account's key (type service_account), and no other kind is supported.");
            }

            tokenUri = root.TryGetProperty("token_uri", out var named) ? named.GetString()! : "https://oauth2.googleapis.com/token";
            assertion = Assertion(root, tokenUri);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or CryptographicException or ArgumentException)
        {
            throw new FetchException(FetchExitCode.Unauthorized, $"The Google credentials cannot be used: {e.GetType().Name}.", e);
        }

        var uri = new Uri(tokenUri);
        if (!HttpTransport.IsPrivate(uri))
        {
            throw new FetchException(FetchExitCode.Unauthorized, "The Google credentials name a token_uri that is not https.");
        }

        return await ExchangeAsync(
            new TransportRequest(uri, "the service account's access token")
            {
                Method = HttpMethod.Post,
                FollowRedirects = false,
                Form = new Dictionary<string, string> { ["grant_type"] = "urn:ietf:params:oauth:grant-type:jwt-bearer", ["assertion"] = assertion },
            },
            cancellationToken).ConfigureAwait(false);
    }

    private string Assertion(JsonElement key, string audience)
    {
        var now = environment.Time.GetUtcNow().ToUnixTimeSeconds();
        var header = Encode(JsonSerializer.SerializeToUtf8Bytes(new { alg = "RS256", typ = "JWT", kid = key.TryGetProperty("private_key_id", out var id) ? id.GetString() : null }));
        var claims = Encode(JsonSerializer.SerializeToUtf8Bytes(new { iss = key.GetProperty("client_email").GetString(), scope = Scope, aud = audience, iat = now, exp = now + 3600 }));
        using var rsa = RSA.Create();
        rsa.ImportFromPem(key.GetProperty("private_key").GetString());
        var signature = rsa.SignData(Encoding.ASCII.GetBytes($"{header}.{claims}"), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{header}.{claims}.{Encode(signature)}";

        static string Encode(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
    }

    /// <summary>Asked only where it may be: in a cluster against Google's own storage, or where it is named.</summary>
    private async Task<string?> FromMetadataAsync(CancellationToken cancellationToken)
    {
        var host = environment.Variable("GCE_METADATA_HOST");
        if (host is null && (environment.Variable("KUBERNETES_SERVICE_HOST") is null || GcsSettings.From(options, environment).Endpoint != GcsSettings.Google))
        {
            return null;
        }

        using var timeout = new CancellationTokenSource(MetadataTimeout, environment.Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            var uri = new Uri($"http://{host ?? "metadata.google.internal"}/computeMetadata/v1/instance/service-accounts/default/token");
            return await ExchangeAsync(new TransportRequest(uri, "the metadata server's access token") { Headers = [("Metadata-Flavor", "Google")], FollowRedirects = false }, linked.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is FetchException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            environment.Say($"no metadata server answers ({(e as FetchException)?.Message ?? "time out"}); gs:// is read anonymously");
            return null;
        }
    }

    private async Task<string> ExchangeAsync(TransportRequest request, CancellationToken cancellationToken)
    {
        using var response = await transport.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw (int)response.StatusCode is >= 400 and < 500 and not 429
                ? new FetchException(FetchExitCode.Unauthorized, $"{request.What} is refused ({(int)response.StatusCode}).")
                : StatusFailure.Of(response, request.What, environment.Time);
        }

        try
        {
            using var document = JsonDocument.Parse(await transport.ReadAsync(response, request.What, MostBytes, cancellationToken).ConfigureAwait(false));
            expires = document.RootElement.TryGetProperty("expires_in", out var seconds) ? environment.Time.GetUtcNow().AddSeconds(seconds.GetDouble()) : DateTimeOffset.MaxValue;
            return document.RootElement.GetProperty("access_token").GetString()!;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FetchException(FetchExitCode.Unexpected, $"{request.What}: the server answers no token.", e);
        }
    }
}
