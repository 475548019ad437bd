using System.Numerics.Tensors;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <content>Movement of rows and blocks: bound by memory, so done on the calling thread.</content>
public sealed unsafe partial class CpuBackend
{
    public void Embedding(in Tensor table, in Tensor ids, in Tensor output)
    {
        Arguments.Vector(ids, DType.Int32, output.Shape[0]);
        Arguments.Matrix(output, output.Shape[0], table.Shape[1]);
        var width = table.Shape[1];
        for (var t = 0; t < output.Shape[0]; t++)
        {
            var id = ids.Pointer<int>()[t];
            Arguments.That((uint)id < (uint)table.Shape[0], $"token {id} is outside of a table of {table.Shape[0]}");
            var to = output.Pointer<float>() + ((nint)t * output.RowStride);
            if (table.DType == DType.BFloat16)
            {
                kernels.WidenBFloat16(table.Pointer<ushort>() + ((nint)id * table.RowStride), width, to);
            }
            else
            {
                for (var i = 0; i < width; i++)
                {
                    to[i] = HostValues.Read(table, ((long)id * table.RowStride) + i);
                }
            }
        }
    }

    public void Copy(in Tensor source, in Tensor destination)
    {
        Arguments.Matrix(destination, source.Shape[0], source.Shape[1]);
        for (var t = 0; t < source.Shape[0]; t++)
        {
            source.Row<float>(t).CopyTo(destination.Row<float>(t));
        }
    }

    public void Fill(in Tensor x, float value)
    {
        for (var t = 0; t < x.Shape[0]; t++)
        {
            x.Row<float>(t).Fill(value);
        }
    }

    public void GatherRows(in Tensor x, in Tensor rows, in Tensor output)
    {
        Arguments.Matrix(output, output.Shape[0], x.Shape[1]);
        Arguments.Vector(rows, DType.Int32, output.Shape[0]);
        for (var r = 0; r < output.Shape[0]; r++)
        {
            x.Row<float>(rows.Pointer<int>()[r]).CopyTo(output.Row<float>(r));
        }
    }

    public void ScatterAddRows(in Tensor x, in Tensor rows, in Tensor weights, in Tensor output)
    {
        Arguments.Matrix(x, x.Shape[0], output.Shape[1]);
        Arguments.Vector(rows, DType.Int32, x.Shape[0]);
        Arguments.Vector(weights, DType.Float32, x.Shape[0]);
        for (var r = 0; r < x.Shape[0]; r++)
        {
            var to = output.Row<float>(rows.Pointer<int>()[r]);
            TensorPrimitives.MultiplyAdd(x.Row<float>(r), weights.Pointer<float>()[r], to, to);
        }
    }
}
