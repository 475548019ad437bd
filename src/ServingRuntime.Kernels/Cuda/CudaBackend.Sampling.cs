using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.ServingRuntime.Kernels.Cuda;

/// <content>Drawing tokens.</content>
public sealed partial class CudaBackend : ISamplingKernels
{
    public void Sample(in Tensor logits, in Tensor largest, ReadOnlySpan<SamplingRow> rows, Span<int> tokens)
    {
        Arguments.That(tokens.Length >= rows.Length, $"{tokens.Length} places for {rows.Length} tokens");
        if (rows.IsEmpty)
        {
            return;
        }

        foreach (ref readonly var row in rows)
        {
            Arguments.That((uint)row.Row < (uint)logits.Shape[0] && row.Temperature > 0, $"sampling from row {row.Row} of {logits.Shape} at temperature {row.Temperature}");
        }

        // The rows, then the tokens.
        var memory = draws.Of(new TensorShape(9 * rows.Length), DType.Int32);
        Tensor parameters = memory.Rows(0, 8 * rows.Length), drawn = memory.Rows(8 * rows.Length, rows.Length);
        CopyToDevice(MemoryMarshal.Cast<SamplingRow, int>(rows), parameters);
        launcher.Sample(logits, largest, parameters, drawn);
        CopyToHost(drawn, tokens);
    }
}
