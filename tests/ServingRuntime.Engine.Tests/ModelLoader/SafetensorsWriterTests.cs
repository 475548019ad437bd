using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Tests.ModelLoader;

public sealed class SafetensorsWriterTests : IDisposable
{
    private static readonly SafetensorsPlan[] Plans = [new("a", "F32", [2, 2], 16), new("b", "F16", [3], 6), new("c", "I32", [1], 4)];
    private readonly string folder = Directory.CreateTempSubdirectory("octavo-writer").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(1000, 1)]
    [InlineData(22, 2)]
    [InlineData(1, 3)]
    public void Append_AnyOrderAndPieces_IsReadBack(long maxShardBytes, int files)
    {
        using (var writer = new SafetensorsWriter(folder, Plans, maxShardBytes))
        {
            writer.Append("c", BitConverter.GetBytes(7));
            writer.Append("a", StoredFloats.Encode([1f, 2f], DType.Float32));
            writer.Append("b", StoredFloats.Encode([0.5f, -1f, 65504f], DType.Float16));
            writer.Append("a", StoredFloats.Encode([3f, 4f], DType.Float32));
            writer.Complete();
        }

        Directory.EnumerateFiles(folder, "*.safetensors").Should().HaveCount(files);
        using var checkpoint = Checkpoint.Open(folder);
        checkpoint.Tensor("a").ToFloat32().Should().Equal(1, 2, 3, 4);
        checkpoint.Tensor("b").ToFloat32().Should().Equal(0.5f, -1f, 65504f);
        checkpoint.Tensor("c").AsSpan<int>()[0].Should().Be(7);
    }

    [Fact]
    public void Complete_SomethingMissing_Throws()
    {
        using var writer = new SafetensorsWriter(folder, Plans, 1000);
        writer.Append("a", new byte[8]);
        writer.Invoking(w => w.Append("b", new byte[8])).Should().Throw<InvalidOperationException>().WithMessage("*b takes 6 bytes*");
        writer.Invoking(w => w.Complete()).Should().Throw<InvalidOperationException>().WithMessage("*8 of 16 bytes*");
    }

    [Theory]
    [InlineData(1f, 1f)]
    [InlineData(1.00390625f, 1f)]
    [InlineData(1.01171875f, 1.015625f)]
    [InlineData(-3.3895314e38f, -3.3895314e38f)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData(float.NaN, float.NaN)]
    public void Round_BFloat16_IsToNearestEven(float value, float expected) => StoredFloats.Round(value, DType.BFloat16).Should().Be(expected);
}
