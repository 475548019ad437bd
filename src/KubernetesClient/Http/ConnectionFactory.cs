using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Octavo.KubernetesClient.Authentication;

namespace Octavo.KubernetesClient.Http;

/// <summary>
/// Opens connections: TCP keepalive finds a peer that vanished within about a minute (a watch may be silent for long, so silence alone says nothing),
/// the certificate is checked against the configured authorities only, and the client certificate is asked for anew.
/// </summary>
internal sealed class ConnectionFactory
{
    private readonly KubernetesClientConfiguration configuration;
    private readonly CredentialProvider credentials;
    private readonly X509Certificate2Collection? authorities;

    public ConnectionFactory(KubernetesClientConfiguration configuration, CredentialProvider credentials)
    {
        this.configuration = configuration;
        this.credentials = credentials;
        authorities = configuration.CertificateAuthorityPem is { } pem ? ParseAuthorities(pem) : null;
    }

    public SocketsHttpHandler CreateHandler() => new()
    {
        ConnectCallback = ConnectAsync,
        ConnectTimeout = TimeSpan.FromSeconds(15),
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        AutomaticDecompression = DecompressionMethods.GZip,
        // A redirect would carry the token to wherever it points.
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
    };

    private static X509Certificate2Collection ParseAuthorities(string pem)
    {
        var collection = new X509Certificate2Collection();
        try
        {
            collection.ImportFromPem(pem);
        }
        catch (CryptographicException exception)
        {
            throw new KubernetesConfigurationException($"the certificate authority is no PEM: {exception.Message}", exception);
        }

        return collection.Count > 0 ? collection : throw new KubernetesConfigurationException("the certificate authority holds no certificate");
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        var stream = new NetworkStream(socket, ownsSocket: true);
        if (configuration.Host.Scheme != Uri.UriSchemeHttps)
        {
            return stream;
        }

        // The handler takes a stream that is already secured as it is; this is the only way to expect another name than the URL's.
        var secure = new SslStream(stream, leaveInnerStreamOpen: false);
        try
        {
            var credential = await credentials.GetAsync(cancellationToken).ConfigureAwait(false);
            await secure.AuthenticateAsClientAsync(TlsOptions(context.DnsEndPoint.Host, credential), cancellationToken).ConfigureAwait(false);
            return secure;
        }
        catch
        {
            await secure.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private SslClientAuthenticationOptions TlsOptions(string host, Credential credential)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = configuration.TlsServerName ?? host };
        if (credential.ClientCertificate is [var leaf, ..] chain)
        {
            options.ClientCertificateContext = SslStreamCertificateContext.Create(leaf, chain, offline: true);
        }

        if (configuration.SkipTlsVerify)
        {
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        }
        else if (authorities is not null)
        {
            // Only the chain's anchor changes; the name, the dates and the usage are checked as ever, for addresses too.
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            policy.CustomTrustStore.AddRange(authorities);
            options.CertificateChainPolicy = policy;
        }

        return options;
    }
}
