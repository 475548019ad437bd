using Octavo.EngineBench.Results;
using Octavo.ServingRuntime.Kernels;
using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.EngineBench.Kernels;

/// <summary>Products with dense weights. Weights lie in as many copies as no cache holds, and calls go from one to the next, as a model's layers do.</summary>
internal sealed class DenseTable : IKernelTable
{
    private const long ColdBytes = 256 << 20;

    public string Name => "dense";

    public IReadOnlyList<ResultTable> Measure(KernelBench bench)
    {
        var rows = new List<IReadOnlyList<string>>();
        foreach (var instructions in bench.Instructions)
        {
            using var backend = bench.Backend(instructions);
            foreach (var dtype in (DType[])[DType.BFloat16, DType.Float16, DType.Float32])
            {
                foreach (var shape in LinearShape.All.Where(shape => $"{instructions} {dtype} {shape.Name}".Contains(bench.Only, StringComparison.OrdinalIgnoreCase)))
                {
                    rows.AddRange(Measure(bench, backend, instructions, dtype, shape));
                }
            }
        }

        return [new ResultTable("dense products", ["set, weights, shape", "rows", "us", "GFLOP/s", "GB/s", "of read %"], rows, "GB/s: the weights' bytes by time, from memory that no cache holds")];
    }

    private static List<IReadOnlyList<string>> Measure(KernelBench bench, CpuBackend backend, CpuInstructionSet instructions, DType dtype, LinearShape shape)
    {
        var result = new List<IReadOnlyList<string>>();
        var source = backend.Allocate(new TensorShape(shape.Outputs, shape.Inputs), dtype);
        var bytes = source.Memory.Bytes;
        var weights = Enumerable.Range(0, (int)Math.Max(ColdBytes / bytes, 1)).Select(_ => backend.CreateLinear([source], [], dtype == DType.BFloat16 ? dtype : DType.Float32)).ToArray();
        foreach (var count in bench.Rows)
        {
            Tensor x = backend.Allocate(new TensorShape(count, shape.Inputs), DType.Float32), y = backend.Allocate(new TensorShape(count, shape.Outputs), DType.Float32);
            var seconds = bench.Measure(call => backend.Linear(x, weights[call % weights.Length], y));
            result.Add(
            [
                $"{instructions} {dtype} {shape}", $"{count}", ResultWriter.Text(seconds * 1e6, "F0"), ResultWriter.Text(2.0 * count * shape.Inputs * shape.Outputs / seconds / 1e9, "F0"),
                ResultWriter.Text(bytes / seconds / 1e9, "F1"), ResultWriter.Text(100 * bytes / seconds / 1e9 / bench.ReadGigabytesPerSecond, "F0"),
            ]);
            x.Memory.Dispose();
            y.Memory.Dispose();
        }

        Array.ForEach(weights, weight => weight.Dispose());
        source.Memory.Dispose();
        return result;
    }
}
