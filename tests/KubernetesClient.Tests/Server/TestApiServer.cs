using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Octavo.KubernetesClient.Tests.Server;

/// <summary>A real server on a free port of the loopback that answers as a test says, and remembers what it was asked.</summary>
internal sealed class TestApiServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<RecordedRequest> requests = new();

    private TestApiServer(WebApplication app, Uri uri) => (this.app, Uri) = (app, uri);

    public Uri Uri { get; private set; }

    public IReadOnlyList<RecordedRequest> Requests => [.. requests];

    public KubernetesClientConfiguration Configuration => new() { Host = Uri };

    public static async Task<TestApiServer> StartAsync(RequestDelegate answer, X509Certificate2? certificate = null, bool wantsClientCertificate = false)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(new HttpsConnectionAdapterOptions
                {
                    ServerCertificate = certificate,
                    ClientCertificateMode = wantsClientCertificate ? ClientCertificateMode.RequireCertificate : ClientCertificateMode.NoCertificate,
                    ClientCertificateValidation = static (_, _, _) => true,
                });
            }
        }));
        var app = builder.Build();
        var server = new TestApiServer(app, new Uri("http://unknown"));
        app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var body = await reader.ReadToEndAsync();
            var headers = context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase);
            server.requests.Enqueue(new RecordedRequest(
                context.Request.Method,
                context.Request.Path + context.Request.QueryString.ToString(),
                body,
                headers,
                context.Connection.ClientCertificate?.Subject));
            await answer(context);
        });
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        server.Uri = new Uri(address);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
    }
}

internal sealed record RecordedRequest(
    string Method, string PathAndQuery, string Body, IReadOnlyDictionary<string, string> Headers, string? ClientCertificate)
{
    public string? Header(string name) => Headers.TryGetValue(name, out var value) ? value : null;
}
