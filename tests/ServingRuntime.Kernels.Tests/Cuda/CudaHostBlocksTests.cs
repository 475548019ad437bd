using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ServingRuntime.Kernels.Cuda;
using Octavo.ServingRuntime.Kernels.Cuda.Native;
using Octavo.TestSupport.Cuda;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda;

[Collection(CudaCollection.Name)]
public sealed class CudaHostBlocksTests(CudaLibraries libraries) : IDisposable
{
    private const int Blocks = 6, Places = 4;
    private readonly string cache = Directory.CreateTempSubdirectory("octavo-kernels").FullName;

    public void Dispose() => Directory.Delete(cache, recursive: true);

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(1 << 20)]
    public void StoreAndLoad_EveryPartOfEveryLayer_BitForBit(long stagingBytes)
    {
        using var backend = Open();
        using KeyValueBlocks plain = backend.AllocateKeyValueBlocks(Blocks, 2, 20, 16, DType.BFloat16), scaled = backend.AllocateKeyValueBlocks(Blocks, 1, 64, 32, DType.Int8);
        KeyValueBlocks[] layers = [plain, scaled];
        var contents = Fill(backend, layers);
        using var places = backend.AllocateHostBlocks(layers, Places, stagingBytes);
        places.Count.Should().Be(Places);
        backend.HostBlockBytes(layers).Should().Be(backend.KeyValueBlockBytes(2, 20, 16, DType.BFloat16) + backend.KeyValueBlockBytes(1, 64, 32, DType.Int8));

        // Stored, overwritten at once, loaded elsewhere: the order of calls is that of their effects, though nobody waits.
        places.Store([new BlockCopy(5, 0), new BlockCopy(1, 3), new BlockCopy(2, 1)]);
        backend.CopyBlocks(layers, [new BlockCopy(0, 5), new BlockCopy(0, 1)]);
        places.Load([new BlockCopy(3, 2), new BlockCopy(0, 4)]);
        places.Store([new BlockCopy(3, 0)]);
        places.Load([new BlockCopy(0, 1)]);
        int[] expected = [0, 3, 1, 3, 5, 0];
        var parts = layers.SelectMany(layer => layer.Parts).ToList();
        for (var p = 0; p < parts.Count; p++)
        {
            var size = contents[p].Length / Blocks;
            Read(backend, parts[p]).Should().Equal(expected.SelectMany(block => contents[p].AsSpan(block * size, size).ToArray()), $"part {p}");
        }
    }

    [SkippableFact]
    public void StoreAndLoad_WrongBlocksOrPlaces_AreRefusedAndNothingIsCopied()
    {
        using var backend = Open();
        using var layer = backend.AllocateKeyValueBlocks(Blocks, 1, 16, 16, DType.Float32);
        var contents = Fill(backend, [layer]);
        using var places = backend.AllocateHostBlocks([layer], Places);
        var wrong = new Action[]
        {
            () => places.Store([new BlockCopy(0, 0), new BlockCopy(Blocks, 1)]),
            () => places.Store([new BlockCopy(-1, 1)]),
            () => places.Store([new BlockCopy(0, Places)]),
            () => places.Store([new BlockCopy(0, 1), new BlockCopy(1, 1)]),
            () => places.Load([new BlockCopy(Places, 0)]),
            () => places.Load([new BlockCopy(0, 1), new BlockCopy(1, 1)]),
            () => backend.AllocateHostBlocks([layer], 0),
            () => backend.AllocateHostBlocks([], 1),
        };
        foreach (var call in wrong)
        {
            call.Should().Throw<ArgumentException>();
        }

        Read(backend, layer.Keys).Should().Equal(contents[0]);
    }

    [SkippableTheory]
    [InlineData("cuMemHostAlloc", 1, "no memory for pinned host memory*ulimit -l*")]
    [InlineData("cuMemAlloc_v2", 1, "no memory for the KV cache*")]
    [InlineData("cuMemAlloc_v2", 2, "no memory for the KV cache*")]
    public void Allocate_NoRoom_SaysWhichMemoryAndHoldsNothing(string call, int nth, string message)
    {
        Skip.If(libraries.IsReal, "errors are planned on the fake driver only");
        using var backend = Open();
        using var layer = backend.AllocateKeyValueBlocks(Blocks, 1, 16, 16, DType.Float32);
        var live = libraries.Fake!.Live;
        libraries.Fake.Fail(call, nth, 2);
        var allocate = () => backend.AllocateHostBlocks([layer], Places);
        allocate.Should().Throw<CudaOutOfMemoryException>().WithMessage(message);
        libraries.Fake.Live.Should().Be(live);
    }

    private static List<byte[]> Fill(CudaBackend backend, IReadOnlyList<KeyValueBlocks> layers)
    {
        var random = new Random(3);
        var contents = new List<byte[]>();
        foreach (var part in layers.SelectMany(layer => layer.Parts))
        {
            var bytes = new byte[part.Memory.Bytes];
            random.NextBytes(bytes);
            backend.CopyToDevice<byte>(bytes, Bytes(part));
            contents.Add(bytes);
        }

        return contents;
    }

    private static byte[] Read(CudaBackend backend, Tensor part)
    {
        var bytes = new byte[part.Memory.Bytes];
        backend.CopyToHost<byte>(Bytes(part), bytes);
        return bytes;
    }

    private static Tensor Bytes(Tensor part) => new(part.Memory, 0, new TensorShape((int)part.Memory.Bytes), DType.Int8);

    private CudaBackend Open()
    {
        Skip.If(libraries.WhyNot is not null, libraries.WhyNot);
        libraries.Fake?.Reset();
        return libraries.IsReal
            ? CudaBackend.Open(new CudaBackendOptions(), Environment.GetEnvironmentVariable, NullLogger.Instance)
            : CudaBackend.Open(new CudaBackendOptions(CacheFolder: cache), name => name == CudaLibrarySearch.Variable ? HostBuild.Build() : null, NullLogger.Instance);
    }
}
