using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Octavo.LocalCluster.ApiServer.Admission;
using Octavo.LocalCluster.ApiServer.Admission.Webhooks;
using Octavo.LocalCluster.ApiServer.Authentication;
using Octavo.LocalCluster.ApiServer.Authorization;
using Octavo.LocalCluster.ApiServer.CustomResources;
using Octavo.LocalCluster.ApiServer.Discovery;
using Octavo.LocalCluster.ApiServer.Faults;
using Octavo.LocalCluster.ApiServer.Metrics;
using Octavo.LocalCluster.ApiServer.OpenApi;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Rest;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.LocalCluster.ApiServer.Storage;
using Octavo.LocalCluster.ApiServer.Strategies;
using Octavo.LocalCluster.ApiServer.Subresources;
using Octavo.LocalCluster.ApiServer.Tables;
using Octavo.LocalCluster.ApiServer.Tls;

namespace Octavo.LocalCluster.ApiServer;

/// <summary>
/// An API server in this process: objects in memory, HTTPS under a CA of its own. For demos and tests; nothing survives it.
/// </summary>
public sealed class ApiServerHost : IAsyncDisposable
{
    /// <summary>As much as the real server reads.</summary>
    private const int MaxHeaderBytes = 1024 * 1024;

    private readonly WebApplication _app;
    private readonly ServerCertificates _certificates;
    private readonly ServiceAccountTokens _tokens;
    private readonly KubeletLogs _logs;
    private readonly WebhookClient _hooks;
    private Task _registrar = Task.CompletedTask;

    private ApiServerHost(
        WebApplication app, ServerCertificates certificates, ServiceAccountTokens tokens, KubeletLogs logs, WebhookClient hooks, ApiServerCore core, string adminToken)
    {
        (_app, _certificates, _tokens, _logs, _hooks, Core, AdminToken) = (app, certificates, tokens, logs, hooks, core, adminToken);
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        BaseUri = new Uri(address);
    }

    /// <summary>`https://127.0.0.1:PORT/`.</summary>
    public Uri BaseUri { get; }

    /// <summary>The CA's certificate in PEM, for kubeconfigs.</summary>
    public string ServerCertificateAuthority => _certificates.AuthorityPem;

    /// <summary>A bearer token of the group system:masters.</summary>
    public string AdminToken { get; }

    /// <summary>What goes wrong with requests.</summary>
    public FaultPlan Faults => Core.Options.Faults;

    /// <summary>Forgets the history of changes, as a compaction does: whoever watches from an older revision, or pages from one, is answered 410.</summary>
    public void Compact() => Core.Store.Compact();

    internal ApiServerCore Core { get; }

    public static async Task<ApiServerHost> StartAsync(ApiServerOptions options, CancellationToken cancellationToken)
    {
        var documents = OpenApiDocuments.LoadEmbedded();
        var store = new ObjectStore(options.WatchHistoryLimit);
        var registry = new ResourceRegistry(BuiltInResources.Load());
        var core = new ApiServerCore(options, registry, store, documents);
        var certificates = new ServerCertificates(options.TimeProvider, options.Address);
        var tokens = new ServiceAccountTokens(store, options.TimeProvider);
        var authenticator = new Authenticator(certificates, tokens, options.TimeProvider);
        var adminToken = options.AdminToken ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        authenticator.AddToken(adminToken, new UserInfo("admin", "admin", ["system:masters", "system:authenticated"]));
        var logs = new KubeletLogs(core);
        var hooks = new WebhookClient(store, options.TimeProvider);

        var schemas = SchemaRegistry.ForBuiltIns(documents.All.ToDictionary(d => d.Path, d => (Func<JsonObject>)(() => d.Root)));
        var registrar = new CustomResourceRegistrar(store, registry, documents, schemas.ObjectMeta, options.TimeProvider);
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [] });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, EmbeddedLifetime>();
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, options, certificates));
        var app = builder.Build();
        var dispatcher = Compose(core, schemas, authenticator, tokens, logs, hooks, app.Services.GetRequiredService<ILogger<RequestDispatcher>>());
        app.Run(dispatcher.HandleAsync);

        Bootstrap.Fill(core);
        await app.StartAsync(cancellationToken);
        return new ApiServerHost(app, certificates, tokens, logs, hooks, core, adminToken) { _registrar = registrar.RunAsync(core.Stopping.Token) };
    }

    public async ValueTask DisposeAsync()
    {
        await Core.Stopping.CancelAsync();
        await _registrar;
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        _logs.Dispose();
        _hooks.Dispose();
        _tokens.Dispose();
        _certificates.Dispose();
    }

    private static void Configure(KestrelServerOptions kestrel, ApiServerOptions options, ServerCertificates certificates)
    {
        kestrel.AddServerHeader = false;

        // The body limit is enforced with the answer that clients know; header limits leave room for long selectors.
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MaxRequestBufferSize = null;
        kestrel.Limits.MaxRequestLineSize = MaxHeaderBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Listen(new IPEndPoint(options.Address, options.Port), listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.UseHttps(new HttpsConnectionAdapterOptions
            {
                ServerCertificate = certificates.Server,
                ClientCertificateMode = ClientCertificateMode.AllowCertificate,

                // Whether it is one of ours is decided per request, so that the answer can be a 401.
                ClientCertificateValidation = (_, _, _) => true,
            });
        });
    }

    private static RequestDispatcher Compose(
        ApiServerCore core, SchemaRegistry schemas, Authenticator authenticator, ServiceAccountTokens tokens, KubeletLogs logs, WebhookClient hooks, ILogger<RequestDispatcher> logger)
    {
        var semantics = new ObjectSemantics(schemas);
        var strategies = new StrategyTable(core.Options.ServiceCidr);
        var authorizer = new Authorizer(core.Store, core.Options.Authorization);
        var answers = new AnswerWriter(new TableBuilder(core.Time, new TableColumns(schemas)));
        var reads = new ReadHandler(core, answers);
        var webhooks = new WebhookAdmission(core.Store, core.Registry, hooks, semantics);
        var creates = new CreateHandler(
            core, answers, semantics, strategies, new NamespaceAdmission(core.Store), new ServiceAccountAdmission(core.Store), webhooks);
        var updates = new UpdateHandler(core, answers, semantics, strategies, webhooks);
        var patches = new PatchHandler(core, answers, semantics, creates, updates);
        var deletes = new DeleteHandler(core, answers, strategies, webhooks);
        var handlers = new ResourceHandlers(
            reads,
            new WatchHandler(core, answers),
            creates,
            updates,
            patches,
            deletes,
            new ScaleHandler(core, answers, reads, updates, patches, semantics),
            new PodSubresources(core, answers, reads, updates, deletes, logs, webhooks),
            new TokenRequestHandler(core, answers, semantics, reads, tokens),
            new ReviewHandler(core, answers, semantics, authenticator, tokens, authorizer));
        var counter = new RequestCounter();
        var paths = new GenericPaths(core.Registry, new DiscoveryHandler(core.Registry), new OpenApiHandler(core.Documents), counter);
        return new RequestDispatcher(core, authenticator, authorizer, paths, handlers, counter, new FaultInjector(core.Options.Faults, core.Time), logger);
    }
}
