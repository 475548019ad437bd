using System.Text.Json.Nodes;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Tests.Node;

namespace Octavo.LocalCluster.Tests.Controllers;

/// <summary>The controllers together, over the real API server and node.</summary>
[Collection(RunningClusterDefinition.Name)]
public sealed class ControllerManagerTests(RunningCluster cluster)
{
    [Fact]
    public async Task Deployment_Applied_RunsPodsAndPublishesTheirAddresses()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.CreateAsync(new V1Service
        {
            Metadata = new V1ObjectMeta { Name = "web", NamespaceProperty = ns },
            Spec = new V1ServiceSpec { Selector = PodExamples.Labels("app=web"), Ports = [new V1ServicePort { Port = 80, TargetPort = 8000 }] },
        });
        await cluster.CreateAsync(Deployment(ns, 2, "exec sleep 600"));
        var deployment = await cluster.WaitForAsync<V1Deployment>(ns, "web", d => d.Status?.AvailableReplicas == 2);
        deployment.Status!.UnavailableReplicas.Should().BeNull();
        deployment.Metadata.Annotations!["deployment.kubernetes.io/revision"].Should().Be("1");
        await cluster.WaitForAsync<V1Deployment>(ns, "web", d => d.Status?.Conditions?.FirstOrDefault(c => c.Type == "Progressing")?.Reason == "NewReplicaSetAvailable");

        var pods = await cluster.WaitForAllAsync<V1Pod>(ns, all => all.Count == 2);
        var slices = await cluster.WaitForAllAsync<V1EndpointSlice>(ns, all => all.SingleOrDefault()?.Endpoints?.Count(e => e.Conditions!.Ready == true) == 2);
        slices.Single().Endpoints!.SelectMany(e => e.Addresses!).Should().BeEquivalentTo(pods.Select(p => p.Status!.PodIP));

        await cluster.DeleteAsync<V1Deployment>(ns, "web");
        await cluster.WaitForAllAsync<V1Pod>(ns, all => all.Count == 0);
        await cluster.WaitForAllAsync<V1ReplicaSet>(ns, all => all.Count == 0);
        await cluster.WaitForAllAsync<V1EndpointSlice>(ns, all => all.SingleOrDefault()?.Endpoints is null or { Count: 0 });
    }

    [Fact]
    public async Task Deployment_TemplateChanged_RollsAndKeepsTheOldSetAsHistory()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.CreateAsync(Deployment(ns, 2, "exec sleep 600"));
        await cluster.WaitForAsync<V1Deployment>(ns, "web", d => d.Status?.AvailableReplicas == 2);
        await cluster.PatchAsync<V1Deployment>(ns, "web", """{"spec":{"template":{"metadata":{"annotations":{"v":"2"}}}}}""");
        await cluster.WaitForAsync<V1Deployment>(ns, "web", d => d.Status is { ObservedGeneration: 2, Replicas: 2, UpdatedReplicas: 2, AvailableReplicas: 2 });
        var sets = await cluster.WaitForAllAsync<V1ReplicaSet>(ns, all => all.Count == 2);
        sets.Select(s => (s.Metadata.Annotations!["deployment.kubernetes.io/revision"], s.Spec!.Replicas)).Should().BeEquivalentTo([("1", 0), ("2", 2)]);
    }

    [Fact]
    public async Task Deployment_Recreate_NeverRunsOldAndNewTogether()
    {
        var ns = await cluster.NamespaceAsync();
        var deployment = Deployment(ns, 1, "exec sleep 600");
        await cluster.CreateAsync(deployment with { Spec = deployment.Spec! with { Strategy = new V1DeploymentStrategy { Type = "Recreate" } } });
        await cluster.WaitForAsync<V1Deployment>(ns, "web", d => d.Status?.AvailableReplicas == 1);
        await cluster.PatchAsync<V1Deployment>(ns, "web", """{"spec":{"template":{"metadata":{"annotations":{"v":"2"}}}}}""");
        var most = 0;
        await cluster.WaitForAllAsync<V1Pod>(ns, all =>
        {
            most = Math.Max(most, all.Count);
            return all.Count == 1 && all[0].Metadata.Annotations?.GetValueOrDefault("v") == "2" && ProcessNodeTests.Ready(all[0]) == "True";
        });
        most.Should().Be(1);
    }

    [Fact]
    public async Task Deployment_ScaledDown_TakesTheCheapestPod()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.CreateAsync(Deployment(ns, 3, "exec sleep 600"));
        var pods = await cluster.WaitForAllAsync<V1Pod>(ns, all => all.Count == 3 && all.All(p => ProcessNodeTests.Ready(p) == "True"));
        var cheap = pods[1].Metadata.Name!;
        await cluster.PatchAsync<V1Pod>(ns, cheap, """{"metadata":{"annotations":{"controller.kubernetes.io/pod-deletion-cost":"-5"}}}""");
        await cluster.PatchAsync<V1Deployment>(ns, "web", """{"spec":{"replicas":2}}""");
        var left = await cluster.WaitForAllAsync<V1Pod>(ns, all => all.Count == 2);
        left.Select(p => p.Metadata.Name).Should().NotContain(cheap);
    }

    [Fact]
    public async Task Job_ThatSucceeds_IsComplete()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.CreateAsync(Job(ns, "echo done", completions: 2));
        var job = await cluster.WaitForAsync<V1Job>(ns, "j", j => j.Status?.Conditions?.Any(c => c.Type == "Complete") == true);
        job.Status!.Succeeded.Should().Be(2);
        (await cluster.WaitForAllAsync<V1Pod>(ns, all => all.All(p => p.Metadata.Finalizers is null))).Should().HaveCount(2);
    }

    [Fact]
    public async Task Job_ThatFailsTooOften_IsFailed()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.CreateAsync(Job(ns, "exit 3", backoffLimit: 1));
        var job = await cluster.WaitForAsync<V1Job>(ns, "j", j => j.Status?.Conditions?.Any(c => c.Type == "Failed") == true);
        job.Status!.Failed.Should().Be(2);
        job.Status.Conditions!.Single(c => c.Type == "Failed").Reason.Should().Be("BackoffLimitExceeded");
    }

    [Fact]
    public async Task Scheduler_MorePodsThanGpus_WaitsUntilOneIsFree()
    {
        var ns = await cluster.NamespaceAsync();
        foreach (var name in new[] { "a", "b", "c" })
        {
            await cluster.CreateAsync(RunningCluster.Pod(ns, name, "exec sleep 600", change: c => c with { Resources = new V1ResourceRequirements { Limits = PodExamples.Labels("example.dev/gpu=1") } }));
        }

        var pods = await cluster.WaitForAllAsync<V1Pod>(ns, all => all.Count(p => p.Spec?.NodeName is not null) == 2 && all.Any(p => Scheduled(p)?.Status == "False"));
        var waiting = pods.Single(p => p.Spec!.NodeName is null);
        Scheduled(waiting).Should().Match<V1PodCondition>(c => c.Reason == "Unschedulable"
            && c.Message == "0/1 nodes are available: 1 Insufficient example.dev/gpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.");
        await cluster.WaitForAllAsync<Corev1Event>(ns, all => all.Any(e => e.Reason == "FailedScheduling" && e.InvolvedObject?.Name == waiting.Metadata.Name));

        await cluster.DeleteAsync<V1Pod>(ns, pods.First(p => p.Spec!.NodeName is not null).Metadata.Name!);
        await cluster.WaitForAsync<V1Pod>(ns, waiting.Metadata.Name!, p => ProcessNodeTests.Ready(p) == "True");
    }

    [Fact]
    public async Task Collector_ForegroundDeletion_WaitsForBlockingDependents()
    {
        var ns = await cluster.NamespaceAsync();
        var owner = await cluster.CreateAsync(ConfigMap(ns, "owner"));
        var child = ConfigMap(ns, "child", owner);
        await cluster.CreateAsync(child with { Metadata = child.Metadata with { Finalizers = ["example.dev/hold"] } });
        await cluster.DeleteAsync<V1ConfigMap>(ns, "owner", "Foreground");
        await cluster.WaitForAsync<V1ConfigMap>(ns, "child", c => c.Metadata.DeletionTimestamp is not null);
        (await cluster.Client.GetAsync<V1ConfigMap>("owner", ns, CancellationToken.None)).Metadata.Finalizers.Should().Equal("foregroundDeletion");
        await cluster.PatchAsync<V1ConfigMap>(ns, "child", """{"metadata":{"finalizers":null}}""");
        await cluster.WaitUntilGoneAsync<V1ConfigMap>(ns, "owner");
    }

    [Fact]
    public async Task Collector_CustomOwnerDeleted_TakesItsDependents()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.Client.SendAsync(HttpMethod.Post, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", JsonNode.Parse(
            """
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"things.example.dev"},
             "spec":{"group":"example.dev","scope":"Namespaced","names":{"plural":"things","kind":"Thing"},
              "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}}]}}
            """), null, CancellationToken.None);
        JsonNode? thing = null;
        await cluster.WaitForAllAsync<V1Namespace>(null!, _ => true);
        using (var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30)))
        {
            while (thing is null)
            {
                try
                {
                    thing = await cluster.Client.SendAsync(HttpMethod.Post, $"/apis/example.dev/v1/namespaces/{ns}/things",
                        JsonNode.Parse("""{"apiVersion":"example.dev/v1","kind":"Thing","metadata":{"name":"owner"}}"""), null, CancellationToken.None);
                }
                catch (KubernetesClient.KubernetesException exception) when (exception.IsNotFound)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token); // The definition is served a moment after it is made.
                }
            }
        }

        var child = ConfigMap(ns, "child");
        await cluster.CreateAsync(child with
        {
            Metadata = child.Metadata with
            {
                OwnerReferences = [new V1OwnerReference { ApiVersion = "example.dev/v1", Kind = "Thing", Name = "owner", Uid = thing["metadata"]!["uid"]!.GetValue<string>(), Controller = true }],
            },
        });
        await cluster.Client.SendAsync(HttpMethod.Delete, $"/apis/example.dev/v1/namespaces/{ns}/things/owner", null, null, CancellationToken.None);
        await cluster.WaitUntilGoneAsync<V1ConfigMap>(ns, "child");
    }

    [Fact]
    public async Task Namespace_Deleted_TakesRunningPodsWithIt()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.CreateAsync(Deployment(ns, 1, "exec sleep 600"));
        await cluster.WaitForAsync<V1Deployment>(ns, "web", d => d.Status?.AvailableReplicas == 1);
        await cluster.Client.DeleteAsync<V1Namespace>(ns, null, null, CancellationToken.None);
        await cluster.WaitUntilGoneAsync<V1Namespace>(null!, ns);
        (await cluster.Client.ListAsync<V1Pod>(ns, null, CancellationToken.None)).Items.Should().BeEmpty();
    }

    [Fact]
    public async Task Claim_Created_IsBoundAndKeepsItsFiles()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.CreateAsync(new V1PersistentVolumeClaim
        {
            Metadata = new V1ObjectMeta { Name = "cache", NamespaceProperty = ns },
            Spec = new V1PersistentVolumeClaimSpec { AccessModes = ["ReadWriteMany"], Resources = new V1ResourceRequirements { Requests = PodExamples.Labels("storage=1Gi") } },
        });
        await cluster.WaitForAsync<V1PersistentVolumeClaim>(ns, "cache", c => c.Status?.Phase == "Bound");
        foreach (var (name, script) in new[] { ("writer", "echo kept > $DIR/file"), ("reader", "cat $DIR/file") })
        {
            var pod = RunningCluster.Pod(ns, name, script, "Never", c => c with
            {
                Env = [new V1EnvVar { Name = "DIR", Value = "/cache" }],
                VolumeMounts = [new V1VolumeMount { Name = "cache", MountPath = "/cache" }],
            });
            await cluster.CreateAsync(pod with { Spec = pod.Spec! with { Volumes = [new V1Volume { Name = "cache", PersistentVolumeClaim = new V1PersistentVolumeClaimVolumeSource { ClaimName = "cache" } }] } });
            await cluster.WaitForAsync<V1Pod>(ns, name, p => p.Status?.Phase == "Succeeded");
        }

        (await cluster.LogAsync(ns, "reader")).Should().Be("kept\n");
    }

    private static V1PodCondition? Scheduled(V1Pod pod) => pod.Status?.Conditions?.FirstOrDefault(c => c.Type == "PodScheduled");

    private static V1ConfigMap ConfigMap(string ns, string name, V1ConfigMap? owner = null) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = name,
            NamespaceProperty = ns,
            OwnerReferences = owner is null ? null : [new V1OwnerReference { ApiVersion = "v1", Kind = "ConfigMap", Name = owner.Metadata.Name!, Uid = owner.Metadata.Uid!, BlockOwnerDeletion = true }],
        },
    };

    private static V1Deployment Deployment(string ns, int replicas, string script) => new()
    {
        Metadata = new V1ObjectMeta { Name = "web", NamespaceProperty = ns },
        Spec = new V1DeploymentSpec
        {
            Replicas = replicas,
            Selector = new V1LabelSelector { MatchLabels = PodExamples.Labels("app=web") },
            Template = new V1PodTemplateSpec { Metadata = new V1ObjectMeta { Labels = PodExamples.Labels("app=web") }, Spec = RunningCluster.Spec(script) },
        },
    };

    private static V1Job Job(string ns, string script, int completions = 1, int backoffLimit = 6) => new()
    {
        Metadata = new V1ObjectMeta { Name = "j", NamespaceProperty = ns },
        Spec = new V1JobSpec { Completions = completions, Parallelism = 2, BackoffLimit = backoffLimit, Template = new V1PodTemplateSpec { Spec = RunningCluster.Spec(script, "Never") } },
    };
}
