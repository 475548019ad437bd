using Octavo.EngineBench.Results;
using Octavo.ServingRuntime.Kernels;
using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.EngineBench.Kernels;

/// <summary>Products with weights of 4 and 8 bits, in the forms of AWQ (groups of 128, zero points) and of GGUF's Q4_0 and Q8_0 (groups of 32, one zero point).</summary>
internal sealed class QuantizedTable : IKernelTable
{
    private const long ColdBytes = 192 << 20;
    private static readonly (string Name, int Bits, int GroupSize, bool Symmetric)[] Forms = [("awq-g128", 4, 128, false), ("q4_0", 4, 32, true), ("q8_0", 8, 32, true)];

    public string Name => "quantized";

    public IReadOnlyList<ResultTable> Measure(KernelBench bench)
    {
        var rows = new List<IReadOnlyList<string>>();
        foreach (var instructions in bench.Instructions)
        {
            using var backend = bench.Backend(instructions);
            foreach (var form in Forms)
            {
                foreach (var dtype in (DType[])[DType.BFloat16, DType.Float32])
                {
                    foreach (var shape in LinearShape.All.Where(shape => $"{instructions} {form.Name} {dtype} {shape.Name}".Contains(bench.Only, StringComparison.OrdinalIgnoreCase)))
                    {
                        rows.AddRange(Measure(bench, backend, $"{instructions} {form.Name} {dtype} {shape}", dtype, Matrix(shape, form.Bits, form.GroupSize, form.Symmetric)));
                    }
                }
            }
        }

        return [new ResultTable(
            "quantised products", ["set, weights, products, shape", "rows", "us", "GOP/s", "GB/s", "of read %"], rows,
            "GB/s: the weights' bytes, scales included, by time, from memory that no cache holds")];
    }

    private static List<IReadOnlyList<string>> Measure(KernelBench bench, CpuBackend backend, string name, DType dtype, QuantizedMatrix matrix)
    {
        var result = new List<IReadOnlyList<string>>();
        var first = backend.CreateQuantizedLinear([matrix], [], dtype);
        LinearWeight[] weights = [first, .. Enumerable.Range(1, (int)Math.Max(ColdBytes / first.Bytes, 1)).Select(_ => backend.CreateQuantizedLinear([matrix], [], dtype))];
        foreach (var count in bench.Rows)
        {
            Tensor x = backend.Allocate(new TensorShape(count, matrix.InFeatures), DType.Float32), y = backend.Allocate(new TensorShape(count, matrix.OutFeatures), DType.Float32);
            x.AsSpan<float>().Fill(0.5f);
            var seconds = bench.Measure(call => backend.Linear(x, weights[call % weights.Length], y));
            result.Add(
            [
                name, $"{count}", ResultWriter.Text(seconds * 1e6, "F0"), ResultWriter.Text(2.0 * count * matrix.InFeatures * matrix.OutFeatures / seconds / 1e9, "F0"),
                ResultWriter.Text(first.Bytes / seconds / 1e9, "F1"), ResultWriter.Text(100 * first.Bytes / seconds / 1e9 / bench.ReadGigabytesPerSecond, "F0"),
            ]);
            x.Memory.Dispose();
            y.Memory.Dispose();
        }

        Array.ForEach(weights, weight => weight.Dispose());
        return result;
    }

    private static QuantizedMatrix Matrix(LinearShape shape, int bits, int groupSize, bool symmetric)
    {
        var random = new Random(5);
        var groups = (shape.Inputs + groupSize - 1) / groupSize;
        var values = new byte[shape.Inputs * shape.Outputs];
        random.NextBytes(values);
        for (var i = 0; i < values.Length && bits == 4; i++)
        {
            values[i] &= 15;
        }

        float[] scales = [.. Enumerable.Range(0, groups * shape.Outputs).Select(_ => (float)(Half)((random.NextSingle() + 1) / (64 << bits)))];
        return new QuantizedMatrix
        {
            InFeatures = shape.Inputs, OutFeatures = shape.Outputs, Bits = bits, GroupSize = groupSize, Values = values, Scales = scales,
            Offsets = [.. scales.Select(scale => scale * (symmetric ? 1 << (bits - 1) : random.Next(1 << bits)))],
        };
    }
}
