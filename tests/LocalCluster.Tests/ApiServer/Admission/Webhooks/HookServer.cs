using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Octavo.LocalCluster.Tests.ApiServer.Admission.Webhooks;

/// <summary>A webhook under a certificate of its own: what it answers is the test's matter, what it was asked is kept.</summary>
internal sealed class HookServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly X509Certificate2 certificate;

    private HookServer(WebApplication app, X509Certificate2 certificate) => (this.app, this.certificate) = (app, certificate);

    /// <summary>Answers by path: the `response` without its uid. A path without an answer allows.</summary>
    public ConcurrentDictionary<string, Func<JsonObject, JsonObject>> Answers { get; } = new();

    /// <summary>The `request` parts, in order.</summary>
    public ConcurrentQueue<(string Path, JsonObject Request)> Asked { get; } = new();

    public Uri BaseUri => new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public string CaBundle => Convert.ToBase64String(Encoding.UTF8.GetBytes(certificate.ExportCertificatePem()));

    /// <param name="name">A further name that the certificate is for.</param>
    public static async Task<HookServer> StartAsync(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=hook", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddHours(-1), now.AddHours(1));
        var certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        var server = new HookServer(builder.Build(), certificate);
        server.app.Run(server.AnswerAsync);
        await server.app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        certificate.Dispose();
    }

    public static JsonObject Allow(string? patch = null, string? warning = null)
    {
        var response = new JsonObject { ["allowed"] = true };
        if (patch is not null)
        {
            response["patchType"] = "JSONPatch";
            response["patch"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(patch));
        }

        if (warning is not null)
        {
            response["warnings"] = new JsonArray(warning);
        }

        return response;
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var review = (await JsonNode.ParseAsync(http.Request.Body))!;
        var request = (JsonObject)review["request"]!.DeepClone();
        Asked.Enqueue((http.Request.Path, request));
        var response = Answers.TryGetValue(http.Request.Path, out var answer) ? answer(request) : Allow();
        response["uid"] ??= request["uid"]!.DeepClone();
        await http.Response.WriteAsync(new JsonObject { ["apiVersion"] = "admission.k8s.io/v1", ["kind"] = "AdmissionReview", ["response"] = response }.ToJsonString());
    }
}
