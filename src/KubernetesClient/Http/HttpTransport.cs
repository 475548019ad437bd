using System.Security.Cryptography.X509Certificates;
using Octavo.KubernetesClient.Authentication;

namespace Octavo.KubernetesClient.Http;

/// <summary>
/// The connections of one identity. A connection keeps the client certificate that it was opened with, so when the certificate is renewed all go: idle ones
/// within a minute, busy ones (watches) when they are done.
/// </summary>
internal sealed class HttpTransport(ConnectionFactory connections) : IDisposable
{
    private readonly Lock gate = new();
    private HttpMessageInvoker? current;
    private X509Certificate2Collection? certificate;
    private bool disposed;

    public HttpMessageInvoker For(Credential credential)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            if (current is not null && ReferenceEquals(certificate, credential.ClientCertificate))
            {
                return current;
            }

            // Not disposed: a request may just be entering it. Its idle connections close by themselves.
            certificate = credential.ClientCertificate;
            return current = new HttpMessageInvoker(connections.CreateHandler());
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            current?.Dispose();
        }
    }
}
