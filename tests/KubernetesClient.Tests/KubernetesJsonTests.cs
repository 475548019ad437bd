using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient.Models;

namespace Octavo.KubernetesClient.Tests;

public sealed class KubernetesJsonTests
{
    private const string Pod =
        """
        {
          "apiVersion": "v1", "kind": "Pod",
          "metadata": {"name": "p", "namespace": "n", "selfLink": "/x", "creationTimestamp": "2026-01-02T03:04:05Z",
                       "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "uid": "u", "controller": true, "future": 1}],
                       "managedFields": [{"manager": "m", "fieldsV1": {"f:spec": {}}}]},
          "spec": {
            "containers": [{"name": "c", "image": "i", "ports": [{"containerPort": 8000, "protocol": "TCP"}],
                            "env": [{"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
                                    {"name": "S", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": true}}},
                                    {"name": "F", "valueFrom": {"fileKeyRef": {"path": "/x"}}}],
                            "resources": {"limits": {"nvidia.com/gpu": "1"}, "claims": [{"name": "x"}]},
                            "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 5},
                            "livenessProbe": {"httpGet": {"path": "/health", "port": 8000, "scheme": "HTTP"}},
                            "lifecycle": {"preStop": {"exec": {"command": ["sleep", "5"]}}},
                            "volumeMounts": [{"name": "v", "mountPath": "/v", "recursiveReadOnly": "Disabled"}],
                            "volumeDevices": [{"name": "d", "devicePath": "/d"}]}],
            "volumes": [{"name": "v", "emptyDir": {"medium": "Memory"}}, {"name": "w", "csi": {"driver": "x"}}],
            "affinity": {"nodeAffinity": {}}, "hostAliases": [{"ip": "1.2.3.4"}], "dnsConfig": {"options": [{"name": "ndots"}]}
          },
          "status": {"phase": "Running", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}], "hostIP": "10.0.0.2", "qosClass": "BestEffort",
                     "containerStatuses": [{"name": "c", "ready": true, "restartCount": 2, "imageID": "sha", "containerID": "id",
                                            "state": {"running": {"startedAt": "2026-01-02T03:04:05Z"}},
                                            "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}, "allocatedResources": {"cpu": "1"}}]},
          "unheardOf": {"a": [1, 2, {"b": null}]}
        }
        """;

    [Fact]
    public void Pod_ReadAndWritten_LosesNothing()
    {
        var pod = KubernetesJson.FromNode<V1Pod>(JsonNode.Parse(Pod)!);

        var written = KubernetesJson.ToNode(pod);

        JsonNode.DeepEquals(written, JsonNode.Parse(Pod)).Should().BeTrue(written.ToJsonString());
        pod.Spec!.Containers![0].ReadinessProbe!.HttpGet!.Port.StringValue.Should().Be("http");
        pod.Spec.Containers[0].LivenessProbe!.HttpGet!.Port.IntValue.Should().Be(8000);
        pod.Status!.ContainerStatuses![0].LastState!.Terminated!.ExitCode.Should().Be(137);
    }

    [Fact]
    public void Pod_Changed_KeepsTheRest()
    {
        var pod = KubernetesJson.FromNode<V1Pod>(JsonNode.Parse(Pod)!);

        var changed = KubernetesJson.ToNode(pod with { Spec = pod.Spec! with { NodeName = "x" } });

        var expected = JsonNode.Parse(Pod)!;
        expected["spec"]!["nodeName"] = "x";
        JsonNode.DeepEquals(changed, expected).Should().BeTrue();
    }

    [Fact]
    public void DeepEquals_SameContent_IsTrueWhereRecordsAreNotEqual()
    {
        var first = KubernetesJson.FromNode<V1Pod>(JsonNode.Parse(Pod)!);
        var second = KubernetesJson.FromNode<V1Pod>(JsonNode.Parse(Pod)!);

        KubernetesJson.DeepEquals(first, second).Should().BeTrue();
        KubernetesJson.DeepEquals(first, second with { Status = null }).Should().BeFalse();
    }

    [Fact]
    public void Times_Written_AreSecondsOrMicroseconds()
    {
        var time = new DateTimeOffset(2026, 1, 2, 5, 4, 5, 678, TimeSpan.FromHours(2)).AddTicks(1234);
        var lease = new V1Lease { Metadata = new V1ObjectMeta { CreationTimestamp = time }, Spec = new V1LeaseSpec { RenewTime = time } };

        var node = KubernetesJson.ToNode(lease);

        ((string?)node["metadata"]!["creationTimestamp"]).Should().Be("2026-01-02T03:04:05Z");
        ((string?)node["spec"]!["renewTime"]).Should().Be("2026-01-02T03:04:05.678123Z");
    }

    [Theory]
    [InlineData("\"2026-01-02T03:04:05Z\"", 0)]
    [InlineData("\"2026-01-02T03:04:05.5Z\"", 500)]
    [InlineData("\"2026-01-02T05:04:05+02:00\"", 0)]
    public void Times_Read_AreUtc(string json, int milliseconds)
    {
        JsonSerializer.Deserialize<DateTimeOffset>(json, KubernetesJson.Options).Should().Be(new DateTimeOffset(2026, 1, 2, 3, 4, 5, milliseconds, TimeSpan.Zero));
    }

    [Fact]
    public void Times_Garbage_IsAJsonException()
    {
        FluentActions.Invoking(() => JsonSerializer.Deserialize<DateTimeOffset>("\"soon\"", KubernetesJson.Options)).Should().Throw<JsonException>();
    }

    [Fact]
    public void Quantities_BareNumbers_AreReadAsStrings()
    {
        var resources = JsonSerializer.Deserialize<V1ResourceRequirements>("""{"limits":{"cpu":1,"memory":"1Gi","x":0.5}}""", KubernetesJson.Options)!;

        resources.Limits.Should().Equal(new Dictionary<string, string> { ["cpu"] = "1", ["memory"] = "1Gi", ["x"] = "0.5" });
    }

    [Fact]
    public void Secret_Printed_TellsNoValues()
    {
        var secret = new V1Secret { Metadata = new V1ObjectMeta { Name = "s" }, Data = new Dictionary<string, byte[]> { ["password"] = "hunter2"u8.ToArray() }, StringData = new Dictionary<string, string> { ["x"] = "hunter2" } };

        secret.ToString().Should().Contain("password").And.NotContain("hunter2");
        ((string?)KubernetesJson.ToNode(secret)["data"]!["password"]).Should().Be("aHVudGVyMg==");
    }
}
