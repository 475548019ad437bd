using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using Octavo.Gateway.Configuration;
using Octavo.Gateway.Routing;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.TestSupport;

namespace Octavo.Gateway.Tests.Routing;

public sealed class DirectoryInformersTests
{
    [Fact]
    public async Task Run_ListsThenWatches_RebuildsTheDirectory()
    {
        var (client, services, slices) = Client(out var listSlices);
        var store = new ModelDirectoryStore();
        using var informers = new DirectoryInformers(client, new GatewayOptions(), store, new FakeTimeProvider(), NullLogger<DirectoryInformers>.Instance);
        await informers.StartAsync(CancellationToken.None);

        store.Synced.Should().BeFalse("the slices are not listed yet");
        listSlices.SetResult(new KubernetesList<V1EndpointSlice> { Metadata = new V1ListMeta { ResourceVersion = "1" } });
        await UntilAsync(store, d => d.Find("tiny") is { Endpoints.Count: 0 });

        slices.Writer.TryWrite(new WatchEvent<V1EndpointSlice>(WatchEventType.Added, ModelDirectoryBuilderTests.Slice("a", "tiny", ("127.1.0.1", true))));
        await UntilAsync(store, d => d.Find("tiny") is { Endpoints.Count: 1 });

        // The API server goes away: nothing is lost.
        services.Writer.Complete(new IOException("gone"));
        slices.Writer.Complete(new IOException("gone"));
        store.Current.Find("tiny")!.Endpoints.Should().ContainSingle();
        await informers.StopAsync(CancellationToken.None);
        store.Current.Find("tiny")!.Endpoints.Should().ContainSingle();
    }

    private static async Task UntilAsync(ModelDirectoryStore store, Func<ModelDirectory, bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (!condition(store.Current))
        {
            limit.IsCancellationRequested.Should().BeFalse("the directory should change");
            await Task.Yield();
        }
    }

    private static (IKubernetesClient Client, Channel<WatchEvent<V1Service>> Services, Channel<WatchEvent<V1EndpointSlice>> Slices) Client(out TaskCompletionSource<KubernetesList<V1EndpointSlice>> listSlices)
    {
        var client = Substitute.For<IKubernetesClient>();
        var services = Channel.CreateUnbounded<WatchEvent<V1Service>>();
        var slices = Channel.CreateUnbounded<WatchEvent<V1EndpointSlice>>();
        var pending = listSlices = new TaskCompletionSource<KubernetesList<V1EndpointSlice>>();
        client.ListAsync<V1Service>(default, default, default).ReturnsForAnyArgs(new KubernetesList<V1Service> { Metadata = new V1ListMeta { ResourceVersion = "1" }, Items = [ModelDirectoryBuilderTests.Service("a", "tiny", null)] });
        client.ListAsync<V1EndpointSlice>(default, default, default).ReturnsForAnyArgs(_ => pending.Task);
        client.WatchAsync<V1Service>(default, default!, default).ReturnsForAnyArgs(call => services.Reader.ReadAllAsync(call.Arg<CancellationToken>()));
        client.WatchAsync<V1EndpointSlice>(default, default!, default).ReturnsForAnyArgs(call => slices.Reader.ReadAllAsync(call.Arg<CancellationToken>()));
        return (client, services, slices);
    }
}
