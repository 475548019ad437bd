using Octavo.ServingRuntime.Kernels.Cuda.Compilation;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Compilation;

public sealed class KernelSourceTests
{
    [Fact]
    public void AtStart_NamesOfSources_NoneOfAttention() =>
        KernelSource.AtStart.Should().Contain("rows.cu").And.NotContain(name => name.StartsWith("attention", StringComparison.Ordinal)).And.BeSubsetOf(KernelSource.Names);

    [Theory]
    [InlineData(4, DType.BFloat16)]
    [InlineData(8, DType.Float16)]
    [InlineData(8, DType.Float32)]
    public void OfPackedWeights_BitsAndType_SourcesThatThereAreAndNoneOfTheStart(int bits, DType dtype) =>
        KernelSource.OfPackedWeights(bits, dtype).Should().BeSubsetOf(KernelSource.Names).And.NotIntersectWith(KernelSource.AtStart);

    [Theory]
    [InlineData(0, DType.BFloat16)]
    [InlineData(0, DType.Float32)]
    [InlineData(4, DType.Float16)]
    public void OfExperts_BitsAndType_SourcesThatThereAreAndNoneOfTheStart(int bits, DType dtype) =>
        KernelSource.OfExperts(bits, dtype).Should().BeSubsetOf(KernelSource.Names).And.NotIntersectWith(KernelSource.AtStart);
}
