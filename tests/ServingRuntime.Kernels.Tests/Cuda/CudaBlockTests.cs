using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ServingRuntime.Kernels.Cuda;
using Octavo.ServingRuntime.Kernels.Cuda.Native;
using Octavo.TestSupport.Cuda;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda;

[Collection(CudaCollection.Name)]
public sealed class CudaBlockTests(CudaLibraries libraries)
{
    [SkippableFact]
    public void CopyBlocks_OneAfterAnother_EveryPartOfEveryLayer()
    {
        using var backend = Open();
        using KeyValueBlocks first = backend.AllocateKeyValueBlocks(4, 2, 8, 16, DType.Int8), second = backend.AllocateKeyValueBlocks(4, 2, 8, 16, DType.Int8);
        backend.KeyValueBlockBytes(2, 8, 16, DType.Int8).Should().Be((2 * 2 * 8 * 16) + (2 * 2 * 16 * 4));
        foreach (var part in first.Parts.Concat(second.Parts))
        {
            Read(backend, part).Should().AllBeEquivalentTo(0, "new blocks are zero");
            var bytes = new byte[part.Memory.Bytes];
            for (var i = 0; i < bytes.Length; i++)
            {
                bytes[i] = (byte)(1 + (i / (bytes.Length / 4)));
            }

            backend.CopyToDevice<byte>(bytes, Bytes(part));
        }

        backend.CopyBlocks([first, second], [new BlockCopy(0, 3), new BlockCopy(3, 1), new BlockCopy(2, 3)]);
        backend.CopyBlocks([first, second], []);
        foreach (var part in first.Parts.Concat(second.Parts))
        {
            Read(backend, part).Chunk((int)part.Memory.Bytes / 4).Select(block => block.Distinct().Single()).Should().Equal(1, 1, 3, 3);
        }

        var outside = () => backend.CopyBlocks([first], [new BlockCopy(0, 4)]);
        outside.Should().Throw<ArgumentException>();
    }

    private static Tensor Bytes(Tensor part) => new(part.Memory, 0, new TensorShape((int)part.Memory.Bytes), DType.Int8);

    private static byte[] Read(CudaBackend backend, Tensor part)
    {
        var bytes = new byte[part.Memory.Bytes];
        backend.CopyToHost<byte>(Bytes(part), bytes);
        return bytes;
    }

    private CudaBackend Open()
    {
        Skip.If(libraries.WhyNot is not null, libraries.WhyNot);
        libraries.Fake?.Reset();
        var folder = libraries.IsReal ? null : HostBuild.Build();
        return CudaBackend.Open(
            new CudaBackendOptions(CacheFolder: Path.GetTempPath()), name => name == CudaLibrarySearch.Variable && folder is not null ? folder : Environment.GetEnvironmentVariable(name), NullLogger.Instance);
    }
}
