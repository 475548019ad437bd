using Octavo.KubernetesClient.Models;
using Octavo.Operator.Dialects;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.Operator.Tests.Resources;

namespace Octavo.Operator.Tests.Dialects;

public sealed class RuntimeDialectTests
{
    public static TheoryData<string> Names => [.. RuntimeDialects.All.Select(d => d.Name)];

    [Theory]
    [InlineData("VLLM", "vllm serve",
        "/var/lib/octavo/models/PATH --served-model-name chat other --host 0.0.0.0 --port 8000 --max-model-len 4096 --block-size 16 --max-num-seqs 64 --max-num-batched-tokens 8192 "
        + "--gpu-memory-utilization 0.9 --dtype float16 --kv-cache-dtype fp8 --quantization awq --no-enable-prefix-caching --seed 7")]
    [InlineData("SGLang", "python3 -m sglang.launch_server",
        "--model-path /var/lib/octavo/models/PATH --served-model-name chat --host 0.0.0.0 --port 8000 --enable-metrics --context-length 4096 --page-size 16 --max-running-requests 64 "
        + "--chunked-prefill-size 8192 --mem-fraction-static 0.9 --dtype float16 --kv-cache-dtype fp8_e4m3 --quantization awq --disable-radix-cache --seed 7")]
    public void Arguments_AllSettings_AreTheRuntimesOwnFlags(string dialect, string command, string arguments)
    {
        var engine = new EngineSpec
        {
            MaxModelLen = 4096,
            BlockSize = 16,
            MaxNumSeqs = 64,
            MaxNumBatchedTokens = 8192,
            GpuMemoryUtilizationPercent = 90,
            DType = "float16",
            KVCacheDType = "fp8",
            Quantization = "awq",
            EnablePrefixCaching = false,
        };
        var container = Pod(dialect, s => s with
        {
            Model = s.Model with { Aliases = ["other"] },
            Runtime = s.Runtime! with { Engine = engine, Args = ["--seed", "7"] },
            Accelerator = new AcceleratorSpec { Count = 1 },
        }).Containers!.Single();

        string.Join(' ', container.Command!).Should().Be(command);
        var path = ModelSource.Of(Service(dialect).Spec)!.Path;
        string.Join(' ', container.Args!).Should().Be(arguments.Replace("/var/lib/octavo/models/PATH", path, StringComparison.Ordinal));
    }

    /// <summary>The flag is written only where the spec says it, so that no template of before has changed.</summary>
    [Fact]
    public void Arguments_OctavosShareOfTheDevice_IsWrittenWhereAsked()
    {
        var runtime = new RuntimeSpec { Dialect = "Octavo", Engine = new EngineSpec { GpuMemoryUtilizationPercent = 85 } };
        string.Join(' ', Pod("Octavo", s => s with { Runtime = runtime }).Containers![0].Args!).Should().EndWith("--gpu-memory-utilization 0.85");
        Pod("Octavo").Containers![0].Args.Should().NotContain("--gpu-memory-utilization").And.NotContain("--device", "the runtime takes the accelerator that it finds");
    }

    [Theory]
    [InlineData("VLLM", "nvidia.com/gpu", 1, null, null, "")]
    [InlineData("VLLM", "nvidia.com/gpu", 4, null, null, "--tensor-parallel-size 4")]
    [InlineData("VLLM", "nvidia.com/gpu", 4, 2, null, "--tensor-parallel-size 2")]
    [InlineData("VLLM", "nvidia.com/gpu", 4, null, 2, "--tensor-parallel-size 2 --pipeline-parallel-size 2")]
    [InlineData("VLLM", "nvidia.com/gpu", 4, 1, null, "--tensor-parallel-size 1")]
    [InlineData("VLLM", "nvidia.com/mig-1g.10gb", 2, null, null, "")]
    [InlineData("SGLang", "nvidia.com/gpu", 4, null, null, "--tp-size 4")]
    [InlineData("SGLang", "nvidia.com/gpu", 4, 2, 2, "--tp-size 2 --pp-size 2")]
    public void Arguments_SeveralAccelerators_AreAllUsed(string dialect, string resource, int count, int? tensor, int? pipeline, string expected)
    {
        var line = string.Join(' ', Pod(dialect, s => s with
        {
            Runtime = s.Runtime! with { Engine = new EngineSpec { TensorParallelSize = tensor, PipelineParallelSize = pipeline } },
            Accelerator = new AcceleratorSpec { Resource = resource, Count = count },
        }).Containers![0].Args!);

        string.Join(' ', line.Split(' ').Select((word, i) => (word, i)).Where(w => IsParallel(w.word) || (w.i > 0 && IsParallel(line.Split(' ')[w.i - 1]))).Select(w => w.word)).Should().Be(expected);

        static bool IsParallel(string word) => word is "--tensor-parallel-size" or "--pipeline-parallel-size" or "--tp-size" or "--pp-size";
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Build_AnyDialect_MeetsTheRestrictedStandardAndWritesBelowItsVolumesOnly(string dialect)
    {
        var pod = Pod(dialect);

        PodSecurityStandard.Violations(pod).Should().BeEmpty();
        pod.AutomountServiceAccountToken.Should().BeFalse();
        pod.Containers!.Concat(pod.InitContainers!).Should().OnlyContain(c => c.SecurityContext!.ReadOnlyRootFilesystem == true);
        foreach (var variable in pod.Containers![0].Env!.Where(e => e.Value?.StartsWith('/') == true))
        {
            pod.Containers[0].VolumeMounts.Should().Contain(m => m.ReadOnly != true && variable.Value!.StartsWith(m.MountPath, StringComparison.Ordinal), $"{variable.Name} is written to");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Build_AnyDialect_HasTimeToDrainAndIsKnownToEndpointPickers(string dialect)
    {
        var template = TemplateOf.Service(Service(dialect, s => s with { Rollout = new RolloutSpec { DrainSeconds = 120 } }));
        var container = template.Spec!.Containers![0];

        template.Spec.TerminationGracePeriodSeconds.Should().BeGreaterThan(120 + RuntimeEnding.RemovalSeconds);
        container.Lifecycle!.PreStop.Should().NotBeNull();
        template.Metadata!.Labels!["llm-d.ai/engine-type"].Should().Be(dialect == "SGLang" ? "sglang" : "vllm");
        (container.StartupProbe!.PeriodSeconds * container.StartupProbe.FailureThreshold).Should().Be(3 * 3600);
        container.StartupProbe.HttpGet!.Path.Should().Be(dialect == "Octavo" ? "/ready" : "/health", "vLLM and SGLang have no /ready");
        ServingService.Build(Service(dialect)).Metadata.Annotations.Should().Contain("serving.octavo.dev/dialect", dialect);
    }

    [Theory]
    [InlineData("VLLM")]
    [InlineData("SGLang")]
    public void Build_ForeignRuntime_IsFetchedForByOctavosImage(string dialect)
    {
        var service = Service(dialect);
        var pod = ServingPodTemplate.Build(new PodTemplateInputs
        {
            Service = service, Model = ModelSource.Of(service.Spec)!, Dialect = RuntimeDialects.Of(service), RuntimeImage = "theirs", FetchImage = "ours",
        }).Main.Spec!;

        (pod.InitContainers!.Single().Image, pod.Containers!.Single().Image).Should().Be(("ours", "theirs"));
        pod.InitContainers![0].ImagePullPolicy.Should().BeNull("the policy is the runtime image's");
        pod.InitContainers[0].Env!.Select(e => e.Name).Should().Equal("POD_IP", "HOME", "PROXY", "OCTAVO_FETCH_PROGRESS_HOST", "OCTAVO_FETCH_RESULT_FILE");
        pod.Containers![0].Env!.Select(e => e.Name).Should().Contain(["HF_HOME", "USER", "TRITON_CACHE_DIR", "PROXY"]);
        pod.Volumes!.Single(v => v.Name == "shm").EmptyDir!.Medium.Should().Be("Memory");
    }

    [Fact]
    public void Build_ModelInTheImageOfAForeignRuntime_IsNotFetched() =>
        Pod("VLLM", s => s with { Model = new ModelSpec { Uri = "file:///models/m" } }).InitContainers.Should().BeNull();

    [Fact]
    public void Build_UsersVariable_WinsOverTheDialects()
    {
        var env = Pod("VLLM", s => s with { Runtime = s.Runtime! with { Env = [new EnvVarSpec { Name = "HF_HUB_OFFLINE", Value = "0" }] } }).Containers![0].Env!;

        env.Where(e => e.Name == "HF_HUB_OFFLINE").Should().ContainSingle().Which.Value.Should().Be("0");
    }

    [Fact]
    public void Ending_ForeignRuntime_WaitsForItsOwnMetrics()
    {
        var script = Pod("SGLang").Containers![0].Lifecycle!.PreStop!.Exec!.Command![2];

        script.Should().Contain("'sglang:num_running_reqs{'").And.Contain("'sglang:num_queue_reqs '").And.Contain("time.sleep(5)").And.Contain("time.monotonic()+30");
    }

    [Theory]
    [InlineData("Octavo", "tensorParallelSize", "one device")]
    [InlineData("Octavo", "gpuMemoryUtilizationPercent", null)]
    [InlineData("VLLM", "int8", "no KV cache of type int8")]
    [InlineData("SGLang", "float32", "no KV cache of type float32")]
    [InlineData("SGLang", "kvCacheMemory", "gpuMemoryUtilizationPercent")]
    [InlineData("VLLM", "kvCacheMemory", null)]
    [InlineData("VLLM", "tensorParallelSize", null)]
    public void Refusal_SettingThatTheRuntimeDoesNotHave_IsNamed(string dialect, string setting, string? expected)
    {
        var engine = setting switch
        {
            "tensorParallelSize" => new EngineSpec { TensorParallelSize = 2 },
            "gpuMemoryUtilizationPercent" => new EngineSpec { GpuMemoryUtilizationPercent = 90 },
            "kvCacheMemory" => new EngineSpec { KVCacheMemory = new WrittenQuantity("1Gi") },
            var type => new EngineSpec { KVCacheDType = type },
        };
        var refusal = RuntimeDialects.Of(dialect).Refusal(Service(dialect, s => s with { Runtime = s.Runtime! with { Engine = engine } }).Spec);

        if (expected is null)
        {
            refusal.Should().BeNull();
        }
        else
        {
            refusal.Should().Contain(expected);
        }
    }

    private static V1PodSpec Pod(string dialect, Func<InferenceServiceSpec, InferenceServiceSpec>? change = null) => TemplateOf.Service(Service(dialect, change)).Spec!;

    private static V1Alpha1InferenceService Service(string dialect, Func<InferenceServiceSpec, InferenceServiceSpec>? change = null)
    {
        var spec = new InferenceServiceSpec
        {
            Model = new ModelSpec { Uri = "hf://org/name" },
            Runtime = new RuntimeSpec { Dialect = dialect, Image = "image", ImagePullPolicy = "Always", Env = [new EnvVarSpec { Name = "PROXY", Value = "p" }] },
        };
        return new V1Alpha1InferenceService { Metadata = new V1ObjectMeta { Name = "chat", NamespaceProperty = "team", Uid = "u" }, Spec = change?.Invoke(spec) ?? spec };
    }
}
