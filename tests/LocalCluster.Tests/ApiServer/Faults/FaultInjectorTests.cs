using System.Net;
using Octavo.ControllerRuntime.Cache;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.ApiServer;
using Octavo.LocalCluster.ApiServer.Faults;
using Microsoft.Extensions.Logging.Abstractions;

namespace Octavo.LocalCluster.Tests.ApiServer.Faults;

/// <summary>Faults as a client of the server meets them.</summary>
public sealed class FaultInjectorTests : IAsyncLifetime
{
    private ApiServerHost server = null!;
    private HttpKubernetesClient client = null!;

    public async Task InitializeAsync()
    {
        server = await ApiServerHost.StartAsync(new ApiServerOptions(), CancellationToken.None);
        client = new HttpKubernetesClient(
            new KubernetesClientConfiguration { Host = server.BaseUri, AccessToken = server.AdminToken, CertificateAuthorityPem = server.ServerCertificateAuthority, UserAgent = "tester", MaxRetries = 0 },
            TimeProvider.System);
    }

    public async Task DisposeAsync()
    {
        client.Dispose();
        await server.DisposeAsync();
    }

    [Theory]
    [InlineData(FaultKind.TooManyRequests, 429)]
    [InlineData(FaultKind.ServerError, 500)]
    public async Task Refusals_AreAnsweredAndNothingIsDone(FaultKind kind, int code)
    {
        server.Faults.Add(new FaultRule { Kind = kind, RetryAfterSeconds = 3, Limit = 1 });
        var failure = await FluentActions.Awaiting(() => client.CreateAsync(Map("a"), null, CancellationToken.None)).Should().ThrowAsync<KubernetesException>();
        failure.Which.StatusCode.Should().Be((HttpStatusCode)code);
        failure.Which.RetryAfter.Should().Be(code == 429 ? TimeSpan.FromSeconds(3) : null);
        (await client.FindAsync<V1ConfigMap>("a", "default", CancellationToken.None)).Should().BeNull();
    }

    [Fact]
    public async Task Conflict_ThoughNobodyWrote_SaysWhatAConflictSays()
    {
        var map = await client.CreateAsync(Map("a"), null, CancellationToken.None);
        server.Faults.Add(new FaultRule { Kind = FaultKind.Conflict, Limit = 1 });
        var failure = await FluentActions.Awaiting(() => client.UpdateAsync(map, null, CancellationToken.None)).Should().ThrowAsync<KubernetesException>();
        failure.Which.IsConflict.Should().BeTrue();
        failure.Which.Message.Should().Contain("the object has been modified");
    }

    [Fact]
    public async Task LostAnswer_IsCarriedOut()
    {
        server.Faults.Add(new FaultRule { Kind = FaultKind.LostAnswer, Verbs = ["create"], Limit = 1 });
        await FluentActions.Awaiting(() => client.CreateAsync(Map("a"), null, CancellationToken.None)).Should().ThrowAsync<HttpRequestException>();
        (await client.FindAsync<V1ConfigMap>("a", "default", CancellationToken.None)).Should().NotBeNull();
    }

    [Fact]
    public async Task Informer_UnderChaos_EndsUpWithWhatThereIs()
    {
        server.Faults.Add(new FaultRule { Kind = FaultKind.DroppedWatch, Delay = TimeSpan.FromMilliseconds(30), Limit = 5 });
        server.Faults.Add(new FaultRule { Kind = FaultKind.Gone, Rate = 0.5, Limit = 3 });
        server.Faults.Add(new FaultRule { Kind = FaultKind.ServerError, Verbs = ["list", "watch"], Limit = 2 });
        using var stop = new CancellationTokenSource();
        var informer = new SharedInformer<V1ConfigMap>(client, new InformerOptions { InitialBackoff = TimeSpan.FromMilliseconds(5), MaxBackoff = TimeSpan.FromMilliseconds(20) }, TimeProvider.System, NullLogger.Instance);
        var running = informer.RunAsync(stop.Token);
        for (var i = 0; i < 30; i++)
        {
            await client.CreateAsync(Map($"m-{i}"), null, CancellationToken.None);
            if (i % 3 == 0)
            {
                await client.DeleteAsync<V1ConfigMap>($"m-{i}", "default", null, CancellationToken.None);
            }

            if (i == 15)
            {
                server.Compact();
            }
        }

        server.Faults.Clear();
        await Octavo.TestSupport.Eventually.HoldsAsync(() => informer.Lister.List("default").Count == 20, "the cache holds the 20 maps");
        await stop.CancelAsync();
        await running;
        server.Faults.Injected.Should().ContainKey(FaultKind.ServerError);
    }

    private static V1ConfigMap Map(string name) => new() { Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "default" } };
}
