using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda;
using Octavo.ServingRuntime.Kernels.Cuda.Native;
using Octavo.TestSupport.Cuda;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda;

/// <summary>Attention through the backend, which chooses among its kernels by each sequence's number of queries, the head size and the blocks' type.</summary>
[Collection(CudaCollection.Name)]
public sealed class CudaAttentionTests(CudaLibraries libraries)
{
    private const int KVHeads = 2, Heads = 4, BlockSize = 16;

    [SkippableTheory]
    [InlineData(64, DType.BFloat16, 20)]
    [InlineData(64, DType.BFloat16, 0)]
    [InlineData(64, DType.Float16, 20)]
    [InlineData(96, DType.Float8E4M3, 0)]
    [InlineData(80, DType.BFloat16, 20)]
    [InlineData(128, DType.Float32, 20)]
    public void PagedAttention_DecodesAndPrefillsTogether_WhatTheReferenceComputes(int headDim, DType cache, int maxQueries)
    {
        using var backend = Open();
        using var reference = new ReferenceBackend();
        using var random = new RandomTensors(headDim);
        int[] lengths = [40, 30, 0, 600, 9], queries = [1, 20, 1, 3, 9];
        Tensor actual = Attend(backend, random, headDim, cache, lengths, queries, maxQueries), expected = Attend(reference, new RandomTensors(headDim), headDim, cache, lengths, queries, maxQueries);
        actual.ShouldBeClose(expected, cache == DType.Float32 ? 1e-5f : 1.5e-2f);
    }

    /// <summary>Where no sequence has many queries there is one launch, and another for what is in several splits.</summary>
    [SkippableTheory]
    [InlineData(100, 1)]
    [InlineData(2000, 2)]
    public void PagedAttention_DecodesOnly_FewLaunchesAndNothingAllocated(int longest, int launches)
    {
        Skip.If(libraries.IsReal, "calls are counted on the fake driver only");
        using var backend = Open();
        using var random = new RandomTensors(3);
        using var blocks = backend.AllocateKeyValueBlocks(9, KVHeads, 64, BlockSize, DType.BFloat16);
        Tensor x = backend.Allocate(new TensorShape(2, Heads * 64), DType.BFloat16), output = backend.Allocate(x.Shape, DType.BFloat16), ints = backend.Allocate(new TensorShape(270), DType.Int32);
        backend.CopyToDevice<int>([0, 1, 2, 17, 0, .. Enumerable.Repeat(1, 265)], ints);
        var sequences = new PagedSequences(ints.Rows(0, 3), ints.Rows(3, 2), new Tensor(ints.Memory, 20, new TensorShape(2, 130), DType.Int32)) { MaxQueryLength = 1, MaxSequenceLength = longest };
        backend.PagedAttention(x, blocks, sequences, new AttentionOptions(1), output);
        var calls = Launches();
        var before = GC.GetAllocatedBytesForCurrentThread();
        backend.PagedAttention(x, blocks, sequences, new AttentionOptions(1), output);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
        (Launches() - calls).Should().Be(launches);
        foreach (var tensor in (Tensor[])[x, output, ints])
        {
            tensor.Memory.Dispose();
        }

        int Launches() => libraries.Fake!.Calls.Count(call => call == "cuLaunchKernel");
    }

    private static Tensor Attend(IKernelBackend backend, RandomTensors random, int headDim, DType cache, int[] lengths, int[] queries, int maxQueries)
    {
        int width = KVHeads * headDim, pages = (lengths.Max() + BlockSize - 1) / BlockSize;
        using var blocks = backend.AllocateKeyValueBlocks(lengths.Length * pages, KVHeads, headDim, BlockSize, cache);
        for (var s = 0; s < lengths.Length; s++)
        {
            Tensor keys = On(backend, random.Floats(lengths[s], width)), values = On(backend, random.Floats(lengths[s], width));
            backend.StoreKeyValues(keys, values, blocks, On(backend, random.Ints([.. Enumerable.Range(s * pages * BlockSize, lengths[s])])));
        }

        var starts = new List<int> { 0 };
        foreach (var count in queries)
        {
            starts.Add(starts[^1] + count);
        }

        var table = On(backend, random.Ints([.. Enumerable.Range(0, lengths.Length * pages)]));
        var sequences = new PagedSequences(On(backend, random.Ints([.. starts])), On(backend, random.Ints(lengths)), new Tensor(table.Memory, 0, new TensorShape(lengths.Length, pages), DType.Int32))
        {
            MaxQueryLength = maxQueries,
        };
        var x = On(backend, random.Floats(starts[^1], Heads * headDim, 2));
        var output = backend.Allocate(x.Shape, DType.Float32);
        backend.PagedAttention(x, blocks, sequences, new AttentionOptions(1 / MathF.Sqrt(headDim)), output);
        var result = random.Empty(x.Shape);
        backend.CopyToHost(output, result.AsSpan<float>());
        output.Memory.Dispose();
        return result;
    }

    private static Tensor On(IKernelBackend backend, Tensor host)
    {
        var tensor = backend.Allocate(host.Shape, host.DType);
        if (host.Shape.ElementCount > 0 && host.DType == DType.Int32)
        {
            backend.CopyToDevice<int>(host.AsSpan<int>(), tensor);
        }
        else if (host.Shape.ElementCount > 0)
        {
            backend.CopyToDevice<float>(host.AsSpan<float>(), tensor);
        }

        return tensor;
    }

    private CudaBackend Open()
    {
        Skip.If(libraries.WhyNot is not null, libraries.WhyNot);
        libraries.Fake?.Reset();
        var folder = libraries.IsReal ? null : HostBuild.Build();
        return CudaBackend.Open(
            new CudaBackendOptions(CacheFolder: Path.GetTempPath()), name => name == CudaLibrarySearch.Variable && folder is not null ? folder : System.Environment.GetEnvironmentVariable(name), NullLogger.Instance);
    }
}
