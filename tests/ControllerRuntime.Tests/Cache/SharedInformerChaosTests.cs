using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Tests.Entities;
using Octavo.KubernetesClient;
using Octavo.TestSupport;
using Octavo.TestSupport.Kubernetes;

namespace Octavo.ControllerRuntime.Tests.Cache;

/// <summary>Whatever breaks, in the end the cache is what the server has, and the handlers were told exactly the way there.</summary>
public sealed class SharedInformerChaosTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Run_BrokenWatchesLostHistoryAndRefusals_ConvergesToTheServersState(int seed)
    {
        var random = new Random(seed);
        var clock = new FakeTimeProvider();
        var api = new FakeKubernetesClient();
        var calm = false;
        var dice = new Random(seed + 1000);
        api.OnRequest = (request, _) =>
        {
            int roll;
            lock (dice)
            {
                roll = dice.Next(6);
            }

            return (calm || request.IsWrite || request.Verb == "get", roll) switch
            {
                (true, _) => Task.CompletedTask,
                (_, 0) => throw new HttpRequestException("refused"),
                (_, 1) => throw new KubernetesException(System.Net.HttpStatusCode.InternalServerError, null, "etcd is away"),
                (_, 2) => throw new KubernetesException(System.Net.HttpStatusCode.TooManyRequests, null, "busy") { RetryAfter = TimeSpan.FromSeconds(1) },
                _ => Task.CompletedTask,
            };
        };
        var told = new ConcurrentDictionary<string, int>();
        var errors = new ConcurrentQueue<string>();
        var informer = new SharedInformer<Widget>(api, new InformerOptions { PageSize = 3 }, clock, NullLogger.Instance, new Random(seed));
        informer.AddEventHandler(
            added => Check(told.TryAdd(added.Metadata.Name!, added.Spec!.Size), $"{added.Metadata.Name} added twice"),
            (before, after) => Check(told.TryUpdate(after.Metadata.Name!, after.Spec!.Size, before.Spec!.Size), $"{after.Metadata.Name} updated from another state"),
            last => Check(told.TryRemove(last.Metadata.Name!, out _), $"{last.Metadata.Name} deleted twice"));
        using var stop = new CancellationTokenSource();
        var running = informer.RunAsync(stop.Token);

        for (var i = 0; i < 400; i++)
        {
            await ChangeSomethingAsync(api, random);
            switch (random.Next(12))
            {
                case 0:
                    api.EndWatches();
                    break;
                case 1:
                    api.EndWatches(new IOException("the stream ended within a line"));
                    break;
                case 2:
                    api.ForgetHistory();
                    break;
                case 3:
                    api.SendBookmark();
                    break;
                case 4:
                    await Task.Yield();
                    break;
            }

            clock.Advance(TimeSpan.FromSeconds(random.Next(3)));
        }

        calm = true;
        var wanted = (await api.ListAsync<Widget>("n", null, default)).Items.ToDictionary(w => w.Metadata.Name!, w => w.Spec!.Size);
        await Eventually.HoldsAsync(() => Same(wanted, informer.Lister.List().ToDictionary(w => w.Metadata.Name!, w => w.Spec!.Size)), clock, TimeSpan.FromSeconds(5), "the cache is right");
        await stop.CancelAsync();
        await running;

        told.Should().Equal(wanted);
        errors.Should().BeEmpty();

        void Check(bool holds, string error)
        {
            if (!holds)
            {
                errors.Enqueue(error);
            }
        }
    }

    private static async Task ChangeSomethingAsync(FakeKubernetesClient api, Random random)
    {
        var name = $"w{random.Next(12)}";
        var live = await api.FindAsync<Widget>(name, "n", default);
        if (live is null)
        {
            await api.CreateAsync(Widget.Named(name) with { Spec = new WidgetSpec { Size = random.Next(1000) } }, null, default);
        }
        else if (random.Next(3) == 0)
        {
            await api.DeleteAsync<Widget>(name, "n", null, default);
        }
        else
        {
            await api.UpdateAsync(live with { Spec = new WidgetSpec { Size = random.Next(1000) } }, null, default);
        }
    }

    private static bool Same(Dictionary<string, int> first, Dictionary<string, int> second) =>
        first.Count == second.Count && first.All(p => second.TryGetValue(p.Key, out var value) && value == p.Value);
}
