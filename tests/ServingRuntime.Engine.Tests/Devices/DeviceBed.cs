using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ServingRuntime.Engine.Tests.Golden;
using Octavo.ServingRuntime.Kernels.Cuda;
using Octavo.TestSupport.Cuda;

namespace Octavo.ServingRuntime.Engine.Tests.Devices;

/// <summary>The GPU that engines run on: the fake, or with OCTAVO_TEST_GPU=1 the machine's own, which is fast enough for whole prompts and answers.</summary>
internal sealed class DeviceBed : IDisposable
{
    private readonly FakeMachine? fake = IsReal || FakeMachine.WhyNot is not null ? null : new FakeMachine();

    public static bool IsReal => Environment.GetEnvironmentVariable("OCTAVO_TEST_GPU") == "1";

    /// <summary>For what no real device can be told to do, or does not tell; skips there.</summary>
    public FakeMachine Fake
    {
        get
        {
            Skip.If(IsReal, "of a real device it cannot be asked");
            Skip.If(FakeMachine.WhyNot is not null, FakeMachine.WhyNot);
            return fake!;
        }
    }

    /// <summary>Those of a golden checkpoint that the device is fast enough for.</summary>
    public static IReadOnlyList<GoldenPrompt> Prompts(GoldenModel model) => IsReal ? model.Prompts : [.. model.Prompts.Where(prompt => prompt.InputIds.Length is 3 or 5 or 17)];

    /// <summary>A golden checkpoint in float32, in as few blocks as short requests need.</summary>
    public static EngineOptions Options(string checkpoint) => new()
    {
        ModelPath = GoldenModel.FolderOf(checkpoint), DType = "float32", NumBlocksOverride = 32, MaxNumSeqs = 4, MaxNumBatchedTokens = 24, CpuThreads = 1, MaxModelLen = 64,
    };

    /// <summary>The environment of a process on it.</summary>
    public Func<string, string?> Variables => IsReal ? Environment.GetEnvironmentVariable : Fake.Variable;

    public CudaBackend Open(bool graphs = true) => CudaBackend.Open(new CudaBackendOptions(Graphs: graphs), Variables, NullLogger.Instance);

    public void Dispose() => fake?.Dispose();
}
