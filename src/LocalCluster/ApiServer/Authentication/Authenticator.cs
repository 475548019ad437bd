using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Tls;

namespace Octavo.LocalCluster.ApiServer.Authentication;

/// <summary>Finds out who sends a request: bearer token, client certificate of the server's CA, or nobody.</summary>
internal sealed class Authenticator(ServerCertificates certificates, ServiceAccountTokens serviceAccountTokens, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, UserInfo> _tokens = new(StringComparer.Ordinal);

    public void AddToken(string token, UserInfo user) => _tokens[token] = user;

    /// <exception cref="ApiException">401: credentials that nobody knows.</exception>
    public async Task<UserInfo> AuthenticateAsync(HttpContext http)
    {
        var header = http.Request.Headers.Authorization.ToString();
        if (header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            return FindToken(header["Bearer ".Length..].Trim()) ?? throw ApiErrors.Unauthorized();
        }

        if (header.Length > 0)
        {
            throw ApiErrors.Unauthorized();
        }

        if (await http.Connection.GetClientCertificateAsync(http.RequestAborted) is not { } certificate)
        {
            return UserInfo.Anonymous;
        }

        return certificates.Trusts(certificate, time.GetUtcNow()) ? FromCertificate(certificate) : throw ApiErrors.Unauthorized();
    }

    /// <summary>The user of a token, without groups that every authenticated user has; null for an unknown token.</summary>
    public UserInfo? FindToken(string token)
    {
        if (_tokens.TryGetValue(token, out var known))
        {
            return known;
        }

        return serviceAccountTokens.Verify(token, null, out _);
    }

    private static UserInfo FromCertificate(X509Certificate2 certificate)
    {
        var name = certificate.GetNameInfo(X509NameType.SimpleName, false);
        var groups = certificate.SubjectName.EnumerateRelativeDistinguishedNames(false)
            .Where(part => part.GetSingleElementType().Value == "2.5.4.10")
            .Select(part => part.GetSingleElementValue() ?? "")
            .Append("system:authenticated");
        return new UserInfo(name, "", [.. groups]);
    }
}
