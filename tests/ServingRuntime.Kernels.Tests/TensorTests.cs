namespace Octavo.ServingRuntime.Kernels.Tests;

public sealed class TensorTests
{
    [Fact]
    public void View_RowsAndColumns_SeeTheSameMemory()
    {
        using var random = new RandomTensors(1);
        var tensor = random.Of([.. Enumerable.Range(0, 12).Select(i => (float)i)], new TensorShape(3, 4));
        var view = tensor.Rows(1, 2).Columns(2, 2);
        view.Row<float>(1).ToArray().Should().Equal(10f, 11f);
        view.IsDense.Should().BeFalse();
        view.Row<float>(0)[0] = -1f;
        tensor.AsSpan<float>()[6].Should().Be(-1f);
    }

    [Fact]
    public void View_OutsideOfItsMemory_IsRefused()
    {
        using var random = new RandomTensors(1);
        var tensor = random.Floats(3, 4);
        var tooManyRows = () => tensor.Rows(2, 2);
        var tooManyColumns = () => tensor.Columns(int.MaxValue, 2);
        var tooLarge = () => new Tensor(tensor.Memory, 4, new TensorShape(3, 4), DType.Float32);
        tooManyRows.Should().Throw<ArgumentOutOfRangeException>();
        tooManyColumns.Should().Throw<ArgumentOutOfRangeException>();
        tooLarge.Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void Allocate_AnyShape_IsZeroAndAligned()
    {
        using var backend = Backends.Create("Avx2", 1);
        var tensor = backend.Allocate(new TensorShape(5, 3, 2), DType.Float32);
        tensor.AsSpan<float>().ToArray().Should().OnlyContain(value => value == 0f);
        (tensor.Memory.DangerousGetHandle() % 64).Should().Be(0);
        tensor.Memory.Dispose();
        var afterwards = () => new Tensor(tensor.Memory, 0, new TensorShape(1), DType.Float32);
        afterwards.Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void Shape_TooLargeOrNegative_IsRefused()
    {
        var overflowing = () => new TensorShape(int.MaxValue, int.MaxValue, int.MaxValue);
        var negative = () => new TensorShape(3, -1);
        overflowing.Should().Throw<OverflowException>();
        negative.Should().Throw<ArgumentOutOfRangeException>();
        new TensorShape(2, 3).ToString().Should().Be("[2, 3]");
        (new TensorShape(2, 1) == new TensorShape(2)).Should().BeFalse("the number of dimensions counts");
    }
}
