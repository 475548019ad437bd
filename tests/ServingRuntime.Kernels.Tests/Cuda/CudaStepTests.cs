using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ServingRuntime.Kernels.Cuda;
using Octavo.ServingRuntime.Kernels.Cuda.Native;
using Octavo.TestSupport.Cuda;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda;

/// <summary>What the operations of a step cost beside their arithmetic: launches, and memory of the host.</summary>
[Collection(CudaCollection.Name)]
public sealed class CudaStepTests(CudaLibraries libraries) : IDisposable
{
    private readonly string cache = Directory.CreateTempSubdirectory("octavo-kernels").FullName;
    private readonly RandomTensors random = new(11);

    public void Dispose()
    {
        random.Dispose();
        Directory.Delete(cache, recursive: true);
    }

    /// <summary>Each launch costs some microseconds of a step, so their number is fixed: a layer has these and attention's one or two.</summary>
    [SkippableFact]
    public void Operations_OfALlamaLayer_EightLaunches()
    {
        Skip.If(libraries.IsReal, "calls are counted on the fake driver only");
        using var backend = Open();
        var fake = libraries.Fake!;
        const int hidden = 64, size = 16, heads = 4;
        using LinearWeight qkv = Weight(hidden, 6 * size), o = Weight(heads * size, hidden), gateUp = Weight(hidden, 2 * 96), down = Weight(96, hidden);
        using var blocks = backend.AllocateKeyValueBlocks(2, 1, size, 16, DType.BFloat16);
        Tensor branch = OnDevice(backend, random.Floats(3, hidden), DType.BFloat16), stream = OnDevice(backend, random.Floats(3, hidden)), norm = backend.Allocate(new TensorShape(hidden), DType.Float32);
        Tensor projected = backend.Allocate(new TensorShape(3, 6 * size), DType.BFloat16), attended = backend.Allocate(new TensorShape(3, heads * size), DType.BFloat16);
        Tensor activated = backend.Allocate(new TensorShape(3, 96), DType.BFloat16), table = backend.Allocate(new TensorShape(4, size), DType.Float32), ints = backend.Allocate(new TensorShape(3), DType.Int32);
        Step();
        var before = fake.Calls.Count;
        Step();
        fake.Calls.Skip(before).Should().Equal(
            "cuLaunchKernel", "cublasLtMatmul", "cuLaunchKernel", "cublasLtMatmul", "cuLaunchKernel", "cublasLtMatmul", "cuLaunchKernel", "cublasLtMatmul");
        foreach (var tensor in (Tensor[])[branch, stream, norm, projected, attended, activated, table, ints])
        {
            tensor.Memory.Dispose();
        }

        void Step()
        {
            backend.AddRmsNorm(branch, stream, norm, 1e-5f, branch);
            backend.Linear(branch, qkv, projected);
            backend.RotateAndStore(projected, null, ints, new RotaryTable(table, false), blocks, ints);
            backend.Linear(attended, o, branch);
            backend.AddRmsNorm(branch, stream, norm, 1e-5f, branch);
            backend.GatedLinear(branch, gateUp, GatedActivation.Silu, activated);
            backend.Linear(activated, down, branch);
        }

        LinearWeight Weight(int inputs, int outputs) => backend.CreateLinear([random.Floats(outputs, inputs)], [], DType.BFloat16);
    }

    [SkippableFact]
    public void Sample_RowsOfAStep_TokensAloneComeBackAndNothingIsAllocated()
    {
        using var backend = Open();
        Tensor logits = OnDevice(backend, random.Floats(3, 200, 6)), largest = backend.Allocate(new TensorShape(3), DType.Int32);
        int[] greedy = new int[3], tokens = new int[2];
        SamplingRow[] rows = [new(2, 1, 1, 1, 0, 0.7), new(0, 0.5f, 0, 1e-6f, 0, 0.2)];
        Step();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Step();
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
        tokens.Should().Equal(greedy[2], greedy[0]);
        foreach (var wrong in (SamplingRow[])[new(3, 1, 0, 1, 0, 0), new(0, 0, 0, 1, 0, 0)])
        {
            var sample = () => backend.Sample(logits, largest, [wrong], tokens);
            sample.Should().Throw<ArgumentException>();
        }

        logits.Memory.Dispose();
        largest.Memory.Dispose();

        void Step()
        {
            backend.ArgMax(logits, largest);
            backend.CopyToHost<int>(largest, greedy);
            backend.Sample(logits, largest, rows, tokens);
        }
    }

    private CudaBackend Open()
    {
        Skip.If(libraries.WhyNot is not null, libraries.WhyNot);
        libraries.Fake?.Reset();
        return libraries.IsReal
            ? CudaBackend.Open(new CudaBackendOptions(), Environment.GetEnvironmentVariable, NullLogger.Instance)
            : CudaBackend.Open(new CudaBackendOptions(CacheFolder: cache), name => name == CudaLibrarySearch.Variable ? HostBuild.Build() : null, NullLogger.Instance);
    }

    private static Tensor OnDevice(CudaBackend backend, Tensor host, DType dtype = DType.Float32)
    {
        var tensor = backend.Allocate(host.Shape, DType.Float32);
        backend.CopyToDevice<float>(host.AsSpan<float>(), tensor);
        if (dtype == DType.Float32)
        {
            return tensor;
        }

        var narrow = backend.Allocate(host.Shape, dtype);
        backend.Copy(tensor, narrow);
        tensor.Memory.Dispose();
        return narrow;
    }
}
