using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Octavo.LocalCluster.Node.Logs;

/// <summary>
/// The part of the kubelet's HTTPS API that the API server forwards <c>kubectl logs</c> to, with a certificate made at start. It listens on loopback.
/// </summary>
internal sealed class KubeletEndpoint : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly X509Certificate2 certificate;

    private KubeletEndpoint(WebApplication app, X509Certificate2 certificate)
    {
        this.app = app;
        this.certificate = certificate;
    }

    public required int Port { get; init; }

    /// <param name="findLog">Finds a container's log: namespace, pod, container, whether the previous run is meant; null with a reason where there is none.</param>
    public static async Task<KubeletEndpoint> StartAsync(int port, Func<LogAddress, (ContainerLog? Log, string? Reason)> findLog, TimeProvider time, CancellationToken cancellationToken)
    {
        var certificate = CreateCertificate(time.GetUtcNow());
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(certificate);
            });
            kestrel.AddServerHeader = false;
        });
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(1));
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        var app = builder.Build();
        app.MapGet("/healthz", () => "ok");
        app.MapGet("/containerLogs/{ns}/{pod}/{container}", (HttpContext context, string ns, string pod, string container) =>
            WriteLogAsync(context, new LogAddress(ns, pod, container, false), findLog, time));
        await app.StartAsync(cancellationToken).ConfigureAwait(false);
        return new KubeletEndpoint(app, certificate) { Port = new Uri(app.Urls.First()).Port };
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync().ConfigureAwait(false);
        certificate.Dispose();
    }

    private static async Task WriteLogAsync(HttpContext context, LogAddress address, Func<LogAddress, (ContainerLog? Log, string? Reason)> findLog, TimeProvider time)
    {
        if (!LogQuery.TryParse(name => context.Request.Query[name], time.GetUtcNow(), out var query, out var error))
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, error!).ConfigureAwait(false);
            return;
        }

        var (log, reason) = findLog(address with { Previous = query.Previous });
        if (log is null)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, reason!).ConfigureAwait(false);
            return;
        }

        context.Response.ContentType = "text/plain";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        try
        {
            await ContainerLogReader.CopyAsync(log, query, context.Response.Body, context.RequestAborted).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The reader went away: the usual end of "logs -f".
        }
    }

    private static Task RefuseAsync(HttpContext context, int status, string message)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(message, context.RequestAborted);
    }

    private static X509Certificate2 CreateCertificate(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=octavo-node", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(now.AddDays(-1), now.AddYears(1));
    }

    /// <summary>The process's signals belong to the program, not to this endpoint.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
