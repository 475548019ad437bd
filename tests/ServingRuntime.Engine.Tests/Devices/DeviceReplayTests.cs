using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Kernels.Cuda;

namespace Octavo.ServingRuntime.Engine.Tests.Devices;

/// <summary>Steps that are recorded and replayed as graphs, against the same kernel by kernel; the fake refuses what cannot be recorded, as the driver does.</summary>
[Collection(DeviceCollection.Name)]
public sealed class DeviceReplayTests : IDisposable
{
    private const string Dense = "qwen3_gqa_sharded_f32";
    private readonly DeviceBed bed = new();

    public void Dispose() => bed.Dispose();

    [SkippableFact]
    public void Replay_RequestsJoinAndLeave_SameBitsAsKernelByKernel()
    {
        var (eager, eagerCalls) = Generate(graphs: false);
        var (replayed, calls) = Generate(graphs: true);
        replayed.Should().Equal(eager);
        eagerCalls.Should().NotContain("cuGraphLaunch");
        calls.Count(call => call == "cuGraphLaunch").Should().BeGreaterThan(8, "most steps are decode steps");
        calls.Count(call => call == "cuStreamBeginCapture_v2").Should().BeLessThanOrEqualTo(3, "of 1, 2 and 4 sequences");
        calls.Count(call => call == "cuLaunchKernel").Should().BeLessThan(eagerCalls.Count(call => call == "cuLaunchKernel") * 3 / 4);
    }

    [SkippableFact]
    public void Replay_SteadyDecode_AllocatesNothing()
    {
        using var engine = Engine(Dense, graphs: true);
        engine.Add("r", [1, 2, 3], EngineHarness.Greedy(40));
        var outputs = new List<EngineCoreOutput>();
        for (var i = 0; i < 20; i++)
        {
            engine.Core.Step(outputs);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10; i++)
        {
            engine.Core.Step(outputs);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
        bed.Fake.Driver.Calls.TakeLast(200).Should().Contain("cuGraphLaunch").And.NotContain("cuLaunchKernel");
    }

    /// <summary>A graph names addresses: after memory is freed none of before is launched.</summary>
    [SkippableFact]
    public void Replay_MemoryIsFreedBetween_RecordsAnew()
    {
        using var backend = Open(graphs: true);
        using var engine = new EngineHarness(DeviceBed.Options(Dense), backend);
        engine.Add("r", [1, 2, 3], EngineHarness.Greedy(30));
        Steps(12);
        var captures = Captures();
        captures.Should().Be(1);
        var other = backend.Allocate(new Kernels.TensorShape(8), Kernels.DType.Float32);
        Steps(3);
        Captures().Should().Be(captures, "memory that is taken changes nothing");
        other.Memory.Dispose();
        backend.GraphCount.Should().Be(1);
        Steps(1);
        backend.GraphCount.Should().Be(0, "the old graph is gone");
        Steps(3);
        Captures().Should().Be(captures + 1);
        engine.RunToEnd();
        using var eager = Engine(Dense, graphs: false, reset: false);
        engine.Results["r"].Tokens.Should().Equal(eager.Run([1, 2, 3], EngineHarness.Greedy(30)).Tokens);

        void Steps(int count)
        {
            for (var i = 0; i < count; i++)
            {
                engine.Step();
            }
        }

        int Captures() => bed.Fake.Driver.Calls.Count(call => call == "cuStreamBeginCapture_v2");
    }

    /// <summary>Where a graph has a larger batch than a step by itself, cuBLASLt may choose another algorithm: not the same bits on a real device, but the same tokens.</summary>
    [SkippableTheory]
    [InlineData("qwen3_gqa_sharded_f32", "float32")]
    [InlineData("mixtral_f32", "float32")]
    [InlineData("qwen3_heads128_f16", "auto")]
    public void Replay_OfAModel_SameTokensAsKernelByKernel(string checkpoint, string dtype)
    {
        var options = DeviceBed.Options(checkpoint) with { DType = dtype };
        List<int> expected;
        using (var eager = new EngineHarness(options, bed.Open(graphs: false)))
        {
            expected = eager.Run([1, 2, 3], EngineHarness.Greedy(8)).Tokens;
        }

        var backend = bed.Open();
        using var engine = new EngineHarness(options, backend);
        engine.Run([1, 2, 3], EngineHarness.Greedy(8)).Tokens.Should().Equal(expected);
        backend.GraphCount.Should().BePositive("nothing of it needs the host");
    }

    /// <summary>What the driver does not record goes on kernel by kernel, and no request notices.</summary>
    [SkippableFact]
    public void Replay_DriverRefusesTheRecord_GoesOnWithoutIt()
    {
        using var engine = Engine(Dense, graphs: true);
        bed.Fake.Driver.Fail("cuStreamEndCapture", 1, 901);
        engine.Run([1, 2, 3], EngineHarness.Greedy(10)).Tokens.Should().HaveCount(10);
        bed.Fake.Driver.Calls.Should().Contain("cuGraphLaunch", "the next record succeeds");
    }

    [SkippableFact]
    public void Replay_GraphCannotBeMade_GoesOnWithoutIt()
    {
        using var engine = Engine(Dense, graphs: true);
        bed.Fake.Driver.Fail("cuGraphInstantiateWithFlags", 1, 2);
        engine.Run([1, 2, 3], EngineHarness.Greedy(10)).Tokens.Should().HaveCount(10);
    }

    [SkippableFact]
    public void Step_GraphFailsOnTheDevice_EndsTheEngineWithTheDriversWords()
    {
        using var engine = Engine(Dense, graphs: true);
        engine.Add("r", [1, 2, 3], EngineHarness.Greedy(20));
        bed.Fake.Driver.Fail("cuGraphLaunch", 2, 719);
        var run = engine.RunToEnd;
        run.Should().Throw<Kernels.Cuda.Native.CudaException>().WithMessage("launching a graph: cuGraphLaunch failed with 719 CUDA_ERROR_LAUNCH_FAILED (unspecified launch failure)");
    }

    private (List<(int Token, int Bits, string Top)> Tokens, IReadOnlyList<string> Calls) Generate(bool graphs)
    {
        using var engine = Engine(Dense, graphs);
        var calls = bed.Fake.Driver.Calls.Count;
        engine.Add("a", [5, 6, 7, 8, 9], EngineHarness.Greedy(14, logprobs: 2));
        for (var i = 0; i < 5; i++)
        {
            engine.Step();
        }

        engine.Add("b", [3, 1], EngineHarness.Greedy(4, logprobs: 2));
        engine.Add("c", [2], EngineHarness.Greedy(5, logprobs: 2) with { Temperature = 0.9f, Seed = 3 });
        engine.RunToEnd();
        return ([.. engine.Results["a"].Exact, .. engine.Results["b"].Exact, .. engine.Results["c"].Exact], [.. bed.Fake.Driver.Calls.Skip(calls)]);
    }

    private EngineHarness Engine(string checkpoint, bool graphs, bool reset = true) => new(DeviceBed.Options(checkpoint), Open(graphs, reset));

    private CudaBackend Open(bool graphs, bool reset = true)
    {
        if (reset)
        {
            bed.Fake.Driver.Reset();
        }

        return bed.Open(graphs);
    }
}
