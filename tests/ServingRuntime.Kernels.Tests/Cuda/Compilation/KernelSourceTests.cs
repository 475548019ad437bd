using Octavo.ServingRuntime.Kernels.Cuda.Compilation;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Compilation;

public sealed class KernelSourceTests
{
    [Fact]
    public void OfHeads_SizeAndType_ThoseAndNoneOfTheStart()
    {
        KernelSource.OfHeads(128, DType.BFloat16).Should().Contain("attention_prefill_bf16_128.cu").And.NotContain(name => name.Contains("_64", StringComparison.Ordinal) || name.Contains("_i8_", StringComparison.Ordinal));
        KernelSource.OfHeads(80, DType.BFloat16).Should().BeEmpty();
        KernelSource.AtStart.Should().Contain(["rows.cu", "attention_general.cu"]).And.NotIntersectWith(KernelSource.OfHeads(128, DType.BFloat16));
    }

    [Theory]
    [InlineData(4, DType.BFloat16)]
    [InlineData(8, DType.Float16)]
    [InlineData(8, DType.Float32)]
    public void OfPackedWeights_BitsAndType_SourcesThatThereAreAndNoneOfTheStart(int bits, DType dtype) =>
        KernelSource.OfPackedWeights(bits, dtype).Should().BeSubsetOf(KernelSource.Names).And.NotIntersectWith(KernelSource.AtStart);
}
