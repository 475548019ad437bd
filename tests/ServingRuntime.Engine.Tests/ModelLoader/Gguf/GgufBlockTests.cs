using System.Security.Cryptography;
using Octavo.ServingRuntime.Engine.ModelLoader.Gguf;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Tests.ModelLoader.Gguf;

public sealed class GgufBlockTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("octavo-gguf").FullName;

    public static TheoryData<string> Forms
    {
        get
        {
            var data = new TheoryData<string>();
            data.AddRange([.. FormNames()]);
            return data;
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Forms_EveryOneThatIsRead_HasAFixture() =>
        GgufTensorFormat.Readable.Should().BeEquivalentTo([.. FormNames(), "F32", "F16", "BF16"]);

    [Theory]
    [MemberData(nameof(Forms))]
    public void Unpack_RandomBlocks_EqualsGgufPackageBitForBit(string form)
    {
        using var golden = GgufFixtures.Golden();
        var expected = golden.RootElement.GetProperty("blocks").GetProperty(form);
        var bytes = Convert.FromHexString(expected.GetProperty("bytes").GetString()!);
        var type = Enum.Parse<GgufTensorType>(form);
        var format = GgufTensorFormat.Find((uint)type)!;
        var rows = bytes.Length / format.BlockBytes;
        using var file = GgufFile.Open(new GgufBuilder().Tensor("t", (uint)type, [(ulong)format.BlockSize, (ulong)rows], bytes).Write(folder));
        var part = new GgufRows(file.Tensors["t"], new TensorShape(rows, format.BlockSize));

        var widened = new float[rows * format.BlockSize];
        for (var row = 0; row < rows; row++)
        {
            part.Widen(row, widened.AsSpan(row * format.BlockSize, format.BlockSize));
        }

        widened.Take(4).Should().Equal(expected.GetProperty("first").EnumerateArray().Select(value => value.GetSingle()));
        Digest(widened).Should().Be(expected.GetProperty("sha256").GetString());

        var matrix = part.ToMatrix();
        matrix.Validate();
        matrix.Values.Should().OnlyContain(value => value < 1 << matrix.Bits);
        var fromMatrix = new float[widened.Length];
        for (var i = 0; i < fromMatrix.Length; i++)
        {
            var (n, k) = Math.DivRem(i, matrix.InFeatures);
            var group = (k / matrix.GroupSize * rows) + n;
            fromMatrix[i] = MathF.FusedMultiplyAdd(matrix.Values[(k * rows) + n], matrix.Scales[group], -matrix.Offsets[group]);
        }

        Digest(fromMatrix).Should().Be(expected.GetProperty("sha256").GetString());
    }

    /// <summary>More rows than a tile, several blocks wide: each value is where it belongs.</summary>
    [Fact]
    public void ToMatrix_LargerThanATile_EqualsRowByRow()
    {
        const int Rows = 150, Columns = 96;
        var random = new Random(3);
        var bytes = new byte[Rows * Columns / 32 * 34];
        random.NextBytes(bytes);
        using var file = GgufFile.Open(new GgufBuilder().Tensor("t", (uint)GgufTensorType.Q8_0, [Columns, Rows], bytes).Write(folder));

        foreach (var part in new[] { new GgufRows(file.Tensors["t"], new TensorShape(Rows, Columns)), new GgufRows(file.Tensors["t"], new TensorShape(100, Columns), 50), new GgufRows(file.Tensors["t"], new TensorShape(Rows, Columns), 0, 50) })
        {
            var matrix = part.ToMatrix();
            var row = new float[Columns];
            for (var n = 0; n < matrix.OutFeatures; n++)
            {
                part.Widen(n, row);
                row.Select((value, k) => (value, k)).Should().OnlyContain(
                    entry => float.IsNaN(entry.value) || entry.value == MathF.FusedMultiplyAdd(matrix.Values[(entry.k * matrix.OutFeatures) + n], matrix.Scales[(entry.k / 32 * matrix.OutFeatures) + n], -matrix.Offsets[(entry.k / 32 * matrix.OutFeatures) + n]));
            }
        }
    }

    private static List<string> FormNames()
    {
        using var golden = GgufFixtures.Golden();
        return [.. golden.RootElement.GetProperty("blocks").EnumerateObject().Select(form => form.Name)];
    }

    private static string Digest(float[] values) => Convert.ToHexStringLower(SHA256.HashData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan())));
}
