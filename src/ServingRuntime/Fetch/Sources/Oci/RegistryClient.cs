using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch.Transfer;

namespace Octavo.ServingRuntime.Fetch.Sources.Oci;

/// <summary>Requests to one repository of a registry (OCI distribution specification), with its handshake: 401 names a token service, which is asked for a token to pull.</summary>
internal sealed partial class RegistryClient(OciReference reference, bool plainHttp, bool insecure, string? basic, HttpTransport transport, TimeProvider time)
{
    private const int MostTokenBytes = 1 << 20;
    private readonly SemaphoreSlim gate = new(1);
    private string? authorization;

    public Uri AddressOf(string path) => new($"{(plainHttp ? "http" : "https")}://{reference.ApiHost}/v2/{reference.Repository}/{path}");

    /// <summary>An answer of 2xx, which the caller disposes.</summary>
    /// <exception cref="FetchException">Any other answer.</exception>
    public async Task<HttpResponseMessage> SendAsync(string path, string what, IReadOnlyList<(string, string)> headers, CancellationToken cancellationToken)
    {
        for (var isSecond = false; ; isSecond = true)
        {
            var used = authorization;
            var request = new TransportRequest(AddressOf(path), what) { Headers = headers, Authorization = used };
            var response = await transport.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
            {
                return response;
            }

            using (response)
            {
                if (response.StatusCode != HttpStatusCode.Unauthorized || isSecond)
                {
                    throw RangeReply.SaysChanged(response.StatusCode) ? FetchException.SourceChanged($"{what} changed.") : StatusFailure.Of(response, what, time);
                }

                await AuthenticateAsync(response, used, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task AuthenticateAsync(HttpResponseMessage challenged, string? used, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (authorization != used)
            {
                // Another request has done it meanwhile.
                return;
            }

            var challenges = challenged.Headers.WwwAuthenticate;
            if (challenges.FirstOrDefault(c => c.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase))?.Parameter is { } parameter)
            {
                authorization = $"Bearer {await GetTokenAsync(parameter, cancellationToken).ConfigureAwait(false)}";
            }
            else if (basic is not null && challenges.Any(c => c.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase)) && used is null)
            {
                authorization = $"Basic {basic}";
            }
            else
            {
                throw new FetchException(FetchExitCode.Unauthorized, $"{reference}: the registry wants credentials and {(basic is null ? "none are given" : "refuses those given")}.");
            }
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<string> GetTokenAsync(string parameter, CancellationToken cancellationToken)
    {
        var fields = Field().Matches(parameter).ToDictionary(m => m.Groups[1].Value.ToLowerInvariant(), m => m.Groups[2].Value, StringComparer.Ordinal);
        if (!fields.TryGetValue("realm", out var realm) || !Uri.TryCreate(realm, UriKind.Absolute, out var service) || (!insecure && !HttpTransport.IsPrivate(service)))
        {
            throw new FetchException(FetchExitCode.Unauthorized, $"{reference}: the registry names a token service that is no https URL.");
        }

        var scope = fields.GetValueOrDefault("scope") ?? $"repository:{reference.Repository}:pull";
        var query = string.Join('&', new[] { ("service", fields.GetValueOrDefault("service")), ("scope", scope) }.Where(f => f.Item2 is not null).Select(f => $"{f.Item1}={Uri.EscapeDataString(f.Item2!)}"));
        var address = new UriBuilder(service) { Query = service.Query.Length > 1 ? $"{service.Query[1..]}&{query}" : query }.Uri;
        var request = new TransportRequest(address, $"a token to pull {reference}") { Authorization = basic is null ? null : $"Basic {basic}" };
        using var response = await transport.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw StatusFailure.Of(response, request.What, time);
        }

        try
        {
            using var document = JsonDocument.Parse(await transport.ReadAsync(response, request.What, MostTokenBytes, cancellationToken).ConfigureAwait(false));
            var token = document.RootElement.TryGetProperty("token", out var found) ? found.GetString() : document.RootElement.GetProperty("access_token").GetString();
            return token is { Length: > 0 } && !token.Any(char.IsControl) ? token : throw new KeyNotFoundException("token");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FetchException(FetchExitCode.Unauthorized, $"{reference}: the registry's token service answers no token.", e);
        }
    }

    [GeneratedRegex("([A-Za-z_]+)=\"([^\"]*)\"", RegexOptions.None, 1000)]
    private static partial Regex Field();
}
