using Octavo.ServingRuntime.Engine.Core;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Devices;

/// <summary>What a start says where the device, its libraries or its memory do not allow one, and what auto does then.</summary>
[Collection(DeviceCollection.Name)]
public sealed class DeviceStartTests : IDisposable
{
    private static readonly EngineOptions Options = new()
    {
        ModelPath = Repository.TinyModel, Device = "cuda", MaxModelLen = 64, MaxNumSeqs = 2, MaxNumBatchedTokens = 8, CpuThreads = 1, DType = "float32",
    };

    private readonly DeviceBed bed = new();
    private readonly LogLines log = new();

    public void Dispose() => bed.Dispose();

    [SkippableFact]
    public void Create_Cuda_TakesWhatIsLeftOfTheDevicesShareForBlocks()
    {
        using (var engine = Create(Options with { GpuMemoryUtilization = 0.5 }))
        {
            // Keys and values of 4 layers, 2 heads of 32, 16 slots, in float32.
            var blockBytes = 4 * 2 * 2 * 32 * 16 * 4;
            bed.Fake.Driver.UsedBytes.Should().BeInRange((ulong)((512L << 20) - (2 * blockBytes)), 512L << 20);
            engine.NumBlocks.Should().BeGreaterThan(3000, "what sequences can use at once is 9");
            log.Lines.Should().ContainSingle(line => line.Contains("weights on cuda:0, Fake GPU", StringComparison.Ordinal));
        }

        bed.Fake.Driver.Live.Should().Be(0);
    }

    [SkippableFact]
    public void Create_AutoWithADevice_TakesIt()
    {
        using var engine = EngineCoreFactory.Create(Options with { Device = "auto", NumBlocksOverride = 16 }, TimeProvider.System, log, bed.Variables);
        log.Lines.Should().ContainSingle(line => line.Contains(" weights on cuda:0, ", StringComparison.Ordinal));
        engine.NumBlocks.Should().Be(16);
    }

    /// <summary>Measured, not asked for: on a real device it is the driver that tells what is free.</summary>
    [SkippableFact]
    public void Create_TwiceTheShare_TwiceTheBlocks()
    {
        int blocks;
        using (var quarter = EngineCoreFactory.Create(Options with { GpuMemoryUtilization = 0.25 }, TimeProvider.System, log, bed.Variables))
        {
            blocks = quarter.NumBlocks;
        }

        using var half = EngineCoreFactory.Create(Options with { GpuMemoryUtilization = 0.5 }, TimeProvider.System, log, bed.Variables);
        ((double)half.NumBlocks).Should().BeInRange(1.9 * blocks, 2.5 * blocks, "weights and activations are small, and what the first one had was given back");
    }

    /// <summary>The driver and the compiler, which this process has loaded already, are tested with a process of their own.</summary>
    [SkippableFact]
    public void Create_LibraryMissing_IsNamedWithWhatToInstall()
    {
        var without = bed.Fake.Without("libcublasLt.so.12");
        Fails(Options, "cuda:0 cannot be used: cuBLASLt*install libcublas*", without);
        bed.Fake.Driver.Live.Should().Be(0);
        using var engine = Create(Options with { Device = "auto", NumBlocksOverride = 16 }, without);
        log.Lines.Should().ContainSingle(line => line.StartsWith("Warning The CPU computes, though there is a CUDA driver: cuda:0 cannot be used", StringComparison.Ordinal) && line.Contains("install", StringComparison.Ordinal));
        log.Lines[^1].Should().Contain(" on cpu, ");
    }

    [SkippableTheory]
    [InlineData("old driver", "cuda:0 cannot be used: the driver supports CUDA 11.8, and this runtime needs 12.0*update the node's driver*")]
    [InlineData("no device", "cuda:0 cannot be used: starting the CUDA driver: cuInit failed with 100 *the node has no GPU, or the container was given none (nvidia.com/gpu*")]
    [InlineData("old device", "cuda:0 cannot be used: Fake GPU has compute capability 7.0; the kernels need 8.0 or later")]
    public void Create_DeviceOrDriverUnfit_SaysWhyAndAutoTakesTheCpu(string fault, string message)
    {
        Become(fault);
        Fails(Options, message);
        bed.Fake.Driver.Reset();
        Become(fault);
        using var engine = Create(Options with { Device = "auto", NumBlocksOverride = 16 });
        log.Lines.Should().ContainSingle(line => line.StartsWith("Warning The CPU computes, though there is a CUDA driver", StringComparison.Ordinal));
    }

    [SkippableFact]
    public void Create_NoSuchOrdinal_IsNamed() => Fails(Options with { Device = "cuda:5" }, "cuda:5 cannot be used: opening device 5 of 1*");

    [SkippableTheory]
    [InlineData("cuda")]
    [InlineData("auto")]
    public void Create_KernelDoesNotCompile_IsAnErrorForAutoToo(string device)
    {
        bed.Fake.Refuse("rows.cu");
        Fails(Options with { Device = device }, "cuda:0 cannot be used: rows.cu: nvrtcCompileProgram*#error as the test wants*");
        bed.Fake.Driver.Live.Should().Be(0);
    }

    [SkippableFact]
    public void Create_NoMemoryForWeights_SaysSo()
    {

        // cuBLASLt's workspace is 32 MiB, octavo-tiny in float32 some 7.
        bed.Fake.Driver.Become(bytes: 34UL << 20);
        Fails(Options, "no memory for weights: *a quantised model or a larger device");
    }

    [SkippableFact]
    public void Create_NoMemoryForTheLargestStep_NamesTheFlags()
    {
        ulong used;
        using (Create(Options with { NumBlocksOverride = 16 }))
        {
            used = bed.Fake.Driver.UsedBytes;
        }

        bed.Fake.Driver.Reset();
        bed.Fake.Driver.Become(bytes: used + (1 << 20));
        Fails(Options with { NumBlocksOverride = 16, MaxNumBatchedTokens = 4096 }, "no memory for a step's activations: *--max-num-seqs or --max-num-batched-tokens*");
        bed.Fake.Driver.Live.Should().Be(0);
    }

    [SkippableFact]
    public void Create_NoMemoryForBlocksAsAsked_NamesTheFlags()
    {
        Fails(Options with { NumBlocksOverride = 1 << 20 }, "no memory for the KV cache: *--num-gpu-blocks-override*");
        bed.Fake.Driver.Live.Should().Be(0);
    }

    [SkippableFact]
    public void Create_OneRequestDoesNotFitTheShare_SaysNumbersAndFlags() => Fails(
        Options with { GpuMemoryUtilization = 0.03 },
        "KV blocks for one request of 64 tokens need * bytes, but there are 0 bytes: 0.03 (--gpu-memory-utilization) of the device's 1073741824, less * in use*raise --gpu-memory-utilization*");

    [SkippableFact]
    public void Create_ErrorThatStaysDuringLoad_SaysWhatTheDriverSaid()
    {
        bed.Fake.Driver.Fail("cuMemcpyHtoDAsync_v2", 5, 214);
        Fails(Options, "copying to the device: cuMemcpyHtoDAsync_v2 failed with 214 *drain the node and reset the device");
    }

    [Theory]
    [InlineData("float16", "auto", "DType: the CPU computes in float32 or bfloat16, not in float16*")]
    [InlineData("half", "auto", "DType: the CPU computes in float32 or bfloat16, not in half*")]
    [InlineData("auto", "float16", "KVCacheDType: the CPU keeps*not in float16")]
    public void Create_Float16OnTheCpu_IsRefused(string dtype, string cache, string message)
    {
        var create = () => EngineCoreFactory.Create(Options with { Device = "cpu", DType = dtype, KVCacheDType = cache }, TimeProvider.System, log);
        create.Should().Throw<EngineStartException>().WithMessage(message);
    }

    private void Become(string fault)
    {
        switch (fault)
        {
            case "old driver":
                bed.Fake.Driver.Become(driverVersion: 11080);
                break;
            case "no device":
                bed.Fake.Driver.Become(devices: 0);
                break;
            default:
                bed.Fake.Driver.Become(major: 7);
                break;
        }
    }

    private IEngineCore Create(EngineOptions options, Func<string, string?>? environment = null) =>
        EngineCoreFactory.Create(options, TimeProvider.System, log, environment ?? bed.Fake.Variable);

    private void Fails(EngineOptions options, string message, Func<string, string?>? environment = null)
    {
        // Skips here, not where a throw is expected.
        var variables = environment ?? bed.Fake.Variable;
        var create = () => Create(options, variables);
        create.Should().Throw<EngineStartException>().WithMessage(message);
    }
}
