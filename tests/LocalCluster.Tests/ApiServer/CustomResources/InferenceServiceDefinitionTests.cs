using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.LocalCluster.ApiServer.CustomResources;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.LocalCluster.Tests.ApiServer.Schema;
using Octavo.TestSupport;

namespace Octavo.LocalCluster.Tests.ApiServer.CustomResources;

/// <summary>The definition that Octavo ships: it is accepted, and each of its rules accepts and refuses what it says.</summary>
public sealed class InferenceServiceDefinitionTests
{
    private const string Model = "model: {uri: 'hf://org/name'}";

    private static readonly JsonObject Definition = (JsonObject)KubernetesYaml.LoadAll(
        File.ReadAllText(Path.Combine(Repository.Root, "config", "crds", "serving.octavo.dev_inferenceservices.yaml"))).Single();

    private static readonly ResourceSchema Schema = ResourceSchema.ForVersion(Definition, "v1alpha1", Schemas.BuiltIn.ObjectMeta);

    [Fact]
    public void Definition_IsAccepted()
    {
        var definition = (JsonObject)Definition.DeepClone();
        var kind = Schemas.BuiltIn.Find("apiextensions.k8s.io", "v1", "CustomResourceDefinition")!;
        Defaulter.Apply(kind, definition);

        ObjectValidator.Validate("CustomResourceDefinition", kind, definition, null).Select(e => e.ToString()).Should().BeEmpty();
        CustomResourceValidator.ValidateDefinition(definition, null).Select(e => e.ToString()).Should().BeEmpty();
    }

    [Fact]
    public void Defaults_NewObject_HasAStatusOfNoGeneration()
    {
        var service = Service(Model);

        service["status"]!.ToJsonString().Should().Be("""{"observedGeneration":-1}""");
    }

    [Theory]
    [InlineData(Model)]
    [InlineData("model: {uri: 'file:///models/tiny'}")]
    [InlineData("model: {uri: 'pvc://claim/path/below'}")]
    [InlineData("model: {uri: 'pvc://claim'}")]
    [InlineData("model: {uri: 'image://registry.example.com/models/m:1'}")]
    [InlineData(Model + "\nreplicas: 0")]
    [InlineData(Model + "\nautoscaling: {minReplicas: 2, maxReplicas: 2}")]
    [InlineData(Model + "\naccelerator: {resource: nvidia.com/mig-1g.10gb}")]
    [InlineData(Model + "\naccelerator: {count: 8, nodes: 2}\nruntime: {engine: {tensorParallelSize: 8, pipelineParallelSize: 2}}")]
    [InlineData(Model + "\nruntime: {engine: {tensorParallelSize: 1}}")]
    [InlineData(Model + "\nruntime: {dialect: VLLM, image: 'vllm:1', engine: {dtype: float16}}")]
    [InlineData(Model + "\nruntime: {dialect: Octavo, engine: {cpuThreads: 2, kvCacheMemory: 1Gi}}")]
    [InlineData(Model + "\nruntime: {engine: {kvCacheMemory: 4096}}")]
    [InlineData(Model + "\nstorage: {size: 1Gi, storageClassName: fast, fill: Job}")]
    [InlineData(Model + "\nstorage: {claimName: models, fill: Job}")]
    [InlineData(Model + "\naccelerator: {tolerations: [{operator: Exists}, {key: a, operator: Equal, value: b, effect: NoExecute, tolerationSeconds: 5}, {key: a, value: b}]}")]
    [InlineData(Model + "\npodTemplate: {metadata: {labels: {team: search, app.kubernetes.io/part-of: chat}, annotations: {example.com/a: b}}}")]
    [InlineData(Model + "\nmonitoring: {scrape: PodMonitor, alerts: true, labels: {release: prometheus}}")]
    [InlineData(Model + "\ngateway: {httpRoute: {parentRefs: [{name: web}]}, inferencePool: {endpointPicker: {name: epp}}}")]
    public void Validate_GoodSpec_IsAccepted(string spec) => Validate(spec).Should().BeEmpty();

    [Theory]
    [InlineData("model: {uri: 'ftp://host/x'}", "spec.model.uri|uri must begin with")]
    [InlineData("model: {uri: 's3:///key'}", "spec.model.uri|between the scheme and the first slash of uri a place must be named")]
    [InlineData("model: {uri: 'pvc://Claim/x'}", "spec.model.uri|a claim is named as in pvc://claim/path")]
    [InlineData("model: {uri: 'hf://org/name', aliases: ['a,b']}", "spec.model.aliases|an alias may hold")]
    [InlineData(Model + "\nreplicas: 1\nautoscaling: {maxReplicas: 2}", "spec|replicas and autoscaling exclude each other")]
    [InlineData(Model + "\nautoscaling: {minReplicas: 3, maxReplicas: 2}", "spec.autoscaling|minReplicas must not exceed maxReplicas")]
    [InlineData(Model + "\nruntime: {engine: {tensorParallelSize: 2}}", "spec.runtime.engine.tensorParallelSize|tensorParallelSize times pipelineParallelSize must not exceed")]
    [InlineData(Model + "\naccelerator: {count: 2}\nruntime: {engine: {tensorParallelSize: 2, pipelineParallelSize: 2}}", "spec.runtime.engine.tensorParallelSize|tensorParallelSize times")]
    [InlineData(Model + "\naccelerator: {resource: gpu}", "spec.accelerator.resource|resource must be an extended resource")]
    [InlineData(Model + "\naccelerator: {count: 1}\nresources: {limits: {nvidia.com/gpu: 1}}", "spec.resources|accelerators are asked for in accelerator.count")]
    [InlineData(Model + "\nruntime: {dialect: VLLM}", "spec.runtime.image|the dialects VLLM and SGLang need an image")]
    [InlineData(Model + "\nruntime: {dialect: SGLang, image: 'sglang:1', engine: {cpuThreads: 2}}", "spec.runtime.engine|engine.maxNumQueuedRequests and engine.cpuThreads")]
    [InlineData(Model + "\nruntime: {engine: {dtype: float16}}", "spec.runtime.engine.dtype|dtype float16 needs")]
    [InlineData(Model + "\nruntime: {engine: {kvCacheMemory: 0}}", "spec.runtime.engine.kvCacheMemory|kvCacheMemory must be more than 0")]
    [InlineData(Model + "\nruntime: {sharedMemory: -1Gi}", "spec.runtime.sharedMemory|sharedMemory must be more than 0")]
    [InlineData(Model + "\nruntime: {env: [{name: A, value: b, valueFrom: {secretKeyRef: {name: s, key: k}}}]}", "spec.runtime.env[0]|value and valueFrom exclude each other")]
    [InlineData(Model + "\nruntime: {env: [{name: A, valueFrom: {}}]}", "spec.runtime.env[0].valueFrom|exactly one of")]
    [InlineData(Model + "\naccelerator: {tolerations: [{operator: Exists, value: a}]}", "spec.accelerator.tolerations[0].value|operator Exists takes no value")]
    [InlineData(Model + "\naccelerator: {tolerations: [{value: a}]}", "spec.accelerator.tolerations[0].operator|without a key the operator must be Exists")]
    [InlineData(Model + "\naccelerator: {tolerations: [{key: a, tolerationSeconds: 3}]}", "spec.accelerator.tolerations[0].effect|tolerationSeconds needs the effect NoExecute")]
    [InlineData(Model + "\nstorage: {claimName: a, size: 1Gi}", "spec.storage|claimName excludes")]
    [InlineData(Model + "\nstorage: {accessMode: ReadWriteMany}", "spec.storage|storageClassName and accessMode need size")]
    [InlineData(Model + "\nstorage: {size: 0}", "spec.storage.size|size must be more than 0")]
    [InlineData(Model + "\nstorage: {size: 1Gi, fill: Job}", "spec.storage.fill|fill Job needs a claim")]
    [InlineData(Model + "\npodTemplate: {metadata: {labels: {serving.octavo.dev/x: a}}}", "spec.podTemplate.metadata.labels|labels serving.octavo.dev/*")]
    [InlineData(Model + "\npodTemplate: {metadata: {labels: {app.kubernetes.io/name: a}}}", "spec.podTemplate.metadata.labels|labels serving.octavo.dev/*")]
    [InlineData(Model + "\npodTemplate: {metadata: {annotations: {serving.octavo.dev/x: a}}}", "spec.podTemplate.metadata.annotations|annotations serving.octavo.dev/*")]
    public void Validate_BadSpec_IsRefusedAtItsPlace(string spec, string expected) =>
        Validate(spec).Should().ContainSingle().Which.Should().StartWith(expected[..expected.IndexOf('|')] + "|").And.Contain(expected[(expected.IndexOf('|') + 1)..]);

    [Theory]
    [InlineData("storage: {size: 1Gi, storageClassName: a}", "storage: {size: 2Gi, storageClassName: a}", null)]
    [InlineData("storage: {size: 1Gi, storageClassName: a}", "storage: {size: 1Gi, storageClassName: b}", "a claim cannot change its storageClassName")]
    [InlineData("storage: {size: 1Gi, storageClassName: a}", "replicas: 1", null)]
    [InlineData("replicas: 1", "storage: {size: 1Gi, storageClassName: b}", null)]
    [InlineData("storage: {size: 1Gi, accessMode: ReadWriteOnce}", "storage: {size: 1Gi, accessMode: ReadWriteMany}", "a claim cannot change its accessMode")]
    [InlineData("storage: {size: 1Gi, accessMode: ReadWriteOnce}", "storage: {size: 1000Mi, accessMode: ReadWriteOnce}", "a claim cannot shrink")]
    [InlineData("storage: {size: 1024Mi, accessMode: ReadWriteOnce}", "storage: {size: 1Gi, accessMode: ReadWriteOnce}", null)]
    [InlineData("storage: {size: 2Gi}", "storage: {size: 1Gi}", null)]
    [InlineData("storage: {claimName: a}", "storage: {claimName: b}", null)]
    [InlineData("accelerator: {nodes: 2}", "accelerator: {nodes: 4}", null)]
    [InlineData("accelerator: {nodes: 2}", "accelerator: {count: 1}", "a replica on one node cannot become one on several")]
    [InlineData("replicas: 1", "accelerator: {nodes: 2}", "a replica on one node cannot become one on several")]
    [InlineData("replicas: 1", "accelerator: {nodes: 1}", null)]
    public void Validate_Change_IsRefusedWhereNothingCouldFollow(string before, string after, string? expected)
    {
        var errors = Validate(Model + "\n" + after, Service(Model + "\n" + before));

        errors.Should().HaveCount(expected is null ? 0 : 1);
        errors.Where(e => !e.Contains(expected!, StringComparison.Ordinal)).Should().BeEmpty();
    }

    [Theory]
    [InlineData("1a")]
    [InlineData("a.b")]
    [InlineData("a234567890123456789012345678901234567890123456789012345678901234")]
    public void Validate_NameThatNoServiceCanHave_IsRefused(string name) => Validate(Model, name: name).Should().NotBeEmpty();

    private static string[] Validate(string spec, JsonObject? old = null, string name = "chat") =>
        [.. CustomResourceValidator.Validate(Schema, Service(spec, name), old).Select(e => $"{e.Field}|{e.Message}")];

    private static JsonObject Service(string spec, string name = "chat")
    {
        var service = new JsonObject
        {
            ["apiVersion"] = "serving.octavo.dev/v1alpha1",
            ["kind"] = "InferenceService",
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "team" },
            ["spec"] = KubernetesYaml.LoadAll(spec).Single(),
        };
        var before = service.ToJsonString();
        Pruner.Prune(Schema, service);
        service.ToJsonString().Should().Be(before, "every field is known");
        Defaulter.Apply(Schema, service);
        return service;
    }
}
