using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Octavo.ControllerRuntime.Health;
using Octavo.KubernetesClient;
using Octavo.Operator.Configuration;
using Octavo.TestSupport;
using Octavo.TestSupport.Kubernetes;

namespace Octavo.Operator.Tests.Configuration;

public sealed class OperatorHealthTests
{
    private readonly FakeKubernetesClient api = new();
    private readonly FakeTimeProvider clock = new();

    [Fact]
    public async Task Ready_CacheIsForbidden_NamesItAndWhy()
    {
        api.OnRequest = (request, _) => request is { Verb: "list", Kind: "Pod" } ? throw new KubernetesException(HttpStatusCode.Forbidden, null, "pods is forbidden") : Task.CompletedTask;
        using var host = await StartAsync(new OperatorOptions { WatchNamespaces = ["b", "a"] });
        var health = host.Services.GetRequiredService<OperatorHealth>();
        await Eventually.HoldsAsync(() => health.Ready(verbose: false) == (false, "waiting for pods") && health.Ready(verbose: true).Text.Contains("pods is forbidden"), "it says so");

        health.Ready(verbose: true).Text.Should().Contain("[-]cache of pods is not full: pods is forbidden")
            .And.Contain("[+]cache of deployments ok")
            .And.Contain("[+]leadership: nobody contends for it")
            .And.Contain("[+]namespaces: a, b")
            .And.EndWith($"readyz check failed{Environment.NewLine}");
        // Nodes and the pods of others are asked for in the whole cluster, and done without where they are not shown.
        api.Requests.Where(r => r.Verb is "list" or "watch" && r.Kind is not ("Node" or "Pod")).Should().OnlyContain(r => r.Namespace == "a" || r.Namespace == "b");
        api.Requests.Where(r => r.Kind == "Pod").Select(r => r.Namespace).Should().Contain(["a", "b"]);
        await host.StopAsync();
    }

    [Fact]
    public async Task Ready_AllCachesAreFull_IsOk()
    {
        using var host = await StartAsync(new OperatorOptions());
        var health = host.Services.GetRequiredService<OperatorHealth>();
        await Eventually.HoldsAsync(() => health.Ready(verbose: false).IsWell, "it is ready");

        health.Ready(verbose: false).Text.Should().Be("ok");
        health.Ready(verbose: true).Text.Should().Contain("[+]namespaces: all namespaces").And.NotContain("[-]").And.EndWith($"readyz check passed{Environment.NewLine}");
        health.Live().Should().Be((true, "ok"));
        await host.StopAsync();
    }

    [Fact]
    public async Task Live_LoopIsStuck_IsNot()
    {
        using var host = await StartAsync(new OperatorOptions());
        var health = host.Services.GetRequiredService<OperatorHealth>();
        using var stuck = host.Services.GetRequiredService<Heartbeats>().Begin("reconcile of inferenceservice a/b", TimeSpan.FromMinutes(3));
        clock.Advance(TimeSpan.FromMinutes(4));

        health.Live().Should().Be((false, "reconcile of inferenceservice a/b: no sign of life for 240 s"));
        await host.StopAsync();
    }

    private async Task<IHost> StartAsync(OperatorOptions options)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<IKubernetesClient>(api);
        builder.Services.AddSingleton<TimeProvider>(clock);
        OperatorApplication.AddOperator(builder.Services, options, "default");
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
