using System.Text;
using System.Text.Json;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Kernels;
using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.ServingRuntime.Engine.Tests.ModelLoader;

/// <summary>Numbers packed here by the formats' descriptions, and read back.</summary>
public sealed class QuantizedMatrixReaderTests : IDisposable
{
    private const int Inputs = 64;
    private const int Outputs = 16;
    private const int Group = 32;
    private readonly string folder = Directory.CreateTempSubdirectory("octavo-quantized").FullName;
    private readonly Random random = new(7);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(4, 1, false)]
    [InlineData(4, 0, false)]
    [InlineData(8, 1, false)]
    [InlineData(8, 0, false)]
    [InlineData(4, 1, true)]
    public void Read_Gptq_NumbersZerosAndOrder(int bits, int zeroOffset, bool descAct)
    {
        int perWord = 32 / bits, most = 1 << bits;
        var values = Numbers(Inputs, Outputs, most);
        var zeros = Numbers(Inputs / Group, Outputs, most);
        var groupOf = Enumerable.Range(0, Inputs).Select(i => i / Group).ToArray();
        if (descAct)
        {
            random.Shuffle(groupOf);
        }

        var words = new int[Inputs / perWord, Outputs];
        Each(Inputs, Outputs, (k, n) => words[k / perWord, n] |= values[k, n] << (bits * (k % perWord)));
        var zeroWords = new int[Inputs / Group, Outputs / perWord];
        Each(Inputs / Group, Outputs, (g, n) => zeroWords[g, n / perWord] |= ((zeros[g, n] - zeroOffset) & (most - 1)) << (bits * (n % perWord)));
        Write(words, zeroWords, groupOf);

        var matrix = Read(new QuantizationConfig { Method = QuantizationMethod.Gptq, Bits = bits, GroupSize = Group, DescAct = descAct, ZeroOffset = zeroOffset });

        matrix.InputOrder.Should().Match(order => (order != null) == descAct);
        Each(Inputs, Outputs, (row, n) =>
        {
            var input = matrix.InputOrder?[row] ?? row;
            groupOf[input].Should().Be(row / Group);
            matrix.Values[(row * Outputs) + n].Should().Be((byte)values[input, n]);
        });
        Each(Inputs / Group, Outputs, (g, n) => matrix.Offsets[(g * Outputs) + n].Should().Be(zeros[g, n] * matrix.Scales[(g * Outputs) + n]));
    }

    [Fact]
    public void Read_Awq_NumbersAndZerosInItsOrder()
    {
        int[] columnOf = [0, 2, 4, 6, 1, 3, 5, 7];
        int[,] values = Numbers(Inputs, Outputs, 16), zeros = Numbers(Inputs / Group, Outputs, 16);
        int[,] words = new int[Inputs, Outputs / 8], zeroWords = new int[Inputs / Group, Outputs / 8];
        Each(Inputs, Outputs, (k, n) => words[k, n / 8] |= values[k, n] << (4 * Array.IndexOf(columnOf, n % 8)));
        Each(Inputs / Group, Outputs, (g, n) => zeroWords[g, n / 8] |= zeros[g, n] << (4 * Array.IndexOf(columnOf, n % 8)));
        Write(words, zeroWords, null);

        var matrix = Read(new QuantizationConfig { Method = QuantizationMethod.Awq, Bits = 4, GroupSize = Group });

        Each(Inputs, Outputs, (k, n) => matrix.Values[(k * Outputs) + n].Should().Be((byte)values[k, n]));
        Each(Inputs / Group, Outputs, (g, n) => matrix.Offsets[(g * Outputs) + n].Should().Be(zeros[g, n] * matrix.Scales[(g * Outputs) + n]));
    }

    [Fact]
    public void Read_GroupsOfUnequalSize_AreRefused()
    {
        Write(new int[Inputs / 8, Outputs], new int[Inputs / Group, Outputs / 8], new int[Inputs]);
        var read = () => Read(new QuantizationConfig { Method = QuantizationMethod.Gptq, Bits = 4, GroupSize = Group, DescAct = true });
        read.Should().Throw<CheckpointException>().WithMessage("*layer.g_idx*");
    }

    private static void Each(int rows, int columns, Action<int, int> action)
    {
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                action(row, column);
            }
        }
    }

    private QuantizedMatrix Read(QuantizationConfig config)
    {
        using var backend = new CpuBackend(1);
        using var checkpoint = Checkpoint.Open(folder);
        var loader = new WeightLoader(checkpoint, backend, DType.Float32, config);
        var matrix = QuantizedMatrixReader.Read(loader, config, "layer", Inputs, Outputs);
        loader.CheckAllUsed();
        matrix.Validate();
        return matrix;
    }

    private int[,] Numbers(int rows, int columns, int most)
    {
        var numbers = new int[rows, columns];
        Each(rows, columns, (row, column) => numbers[row, column] = random.Next(most));
        return numbers;
    }

    private void Write(int[,] words, int[,] zeros, int[]? groupOf)
    {
        var data = new MemoryStream();
        var header = new Dictionary<string, object>(StringComparer.Ordinal);
        void Add(string name, string dtype, int[] shape, ReadOnlySpan<byte> bytes)
        {
            header[name] = new { dtype, shape, data_offsets = new[] { data.Length, data.Length + bytes.Length } };
            data.Write(bytes);
        }

        void AddInts(string name, int[] shape, IEnumerable<int> values) => Add(name, "I32", shape, values.SelectMany(BitConverter.GetBytes).ToArray());
        AddInts("layer.qweight", [words.GetLength(0), words.GetLength(1)], words.Cast<int>());
        AddInts("layer.qzeros", [zeros.GetLength(0), zeros.GetLength(1)], zeros.Cast<int>());
        Add("layer.scales", "F16", [Inputs / Group, Outputs], new byte[Inputs / Group * Outputs * 2]);
        if (groupOf is not null)
        {
            AddInts("layer.g_idx", [Inputs], groupOf);
        }

        var text = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(header));
        File.WriteAllBytes(Path.Combine(folder, "model.safetensors"), [.. BitConverter.GetBytes((ulong)text.Length), .. text, .. data.ToArray()]);
    }
}
