using System.Numerics.Tensors;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <content>Work on each row by itself.</content>
public sealed unsafe partial class CpuBackend
{
    public void RmsNorm(in Tensor x, in Tensor weight, float epsilon, in Tensor output)
    {
        CheckNorm(x, weight, output);
        rows = new RowsCall(RowOperation.RmsNorm, x, output) { Weight = weight.Pointer<float>(), Factor = epsilon };
        RunRows(8L * x.Shape.ElementCount);
    }

    public void AddRmsNorm(in Tensor x, in Tensor residual, in Tensor weight, float epsilon, in Tensor output)
    {
        CheckNorm(x, weight, output);
        Arguments.Matrix(residual, x.Shape[0], x.Shape[1]);
        rows = new RowsCall(RowOperation.RmsNorm, x, output)
        {
            Weight = weight.Pointer<float>(), Factor = epsilon, Residual = residual.Pointer<float>(), ResidualStride = residual.RowStride,
        };
        RunRows(8L * x.Shape.ElementCount);
    }

    public void HeadRmsNorm(in Tensor x, int headDim, in Tensor weight, float epsilon)
    {
        Arguments.Matrix(x, x.Shape[0], x.Shape[1]);
        Arguments.Vector(weight, DType.Float32, headDim);
        Arguments.That(x.Shape[1] % headDim == 0, $"heads of {headDim} in {x.Shape}");
        rows = new RowsCall(RowOperation.HeadRmsNorm, x, x) { Weight = weight.Pointer<float>(), HeadDim = headDim, Factor = epsilon };
        RunRows(8L * x.Shape.ElementCount);
    }

    public void Scale(in Tensor x, float factor)
    {
        Arguments.Matrix(x, x.Shape[0], x.Shape[1]);
        rows = new RowsCall(RowOperation.Scale, x, x) { Factor = factor };
        RunRows(x.Shape.ElementCount);
    }

    public void SoftCap(in Tensor x, float cap)
    {
        Arguments.Matrix(x, x.Shape[0], x.Shape[1]);
        rows = new RowsCall(RowOperation.SoftCap, x, x) { Factor = cap };
        RunRows(16L * x.Shape.ElementCount);
    }

    public void RotaryEmbedding(in Tensor x, int headDim, in Tensor positions, in Tensor cosSin, bool interleaved)
    {
        Arguments.Matrix(x, x.Shape[0], x.Shape[1]);
        Arguments.Matrix(cosSin, cosSin.Shape[0], cosSin.Shape[1]);
        Arguments.Vector(positions, DType.Int32, x.Shape[0]);
        Arguments.That(x.Shape[1] % headDim == 0 && cosSin.Shape[1] <= headDim && cosSin.Shape[1] % 2 == 0, $"rotation {cosSin.Shape} of heads of {headDim} in {x.Shape}");
        rows = new RowsCall(RowOperation.Rotary, x, x)
        {
            HeadDim = headDim, Positions = positions.Pointer<int>(), Weight = cosSin.Pointer<float>(), TableWidth = cosSin.Shape[1], TableRows = cosSin.Shape[0],
            Interleaved = interleaved,
        };
        RunRows(4L * x.Shape.ElementCount);
    }

    public void ActivationMul(GatedActivation activation, in Tensor gateUp, in Tensor output)
    {
        Arguments.Matrix(gateUp, output.Shape[0], 2 * output.Shape[1]);
        Arguments.Matrix(output, output.Shape[0], output.Shape[1]);
        rows = new RowsCall(RowOperation.ActivationMul, gateUp, output) { Activation = activation };
        RunRows(16L * output.Shape.ElementCount);
    }

    public void TopExperts(in Tensor logits, int k, bool renormalize, in Tensor experts, in Tensor weights)
    {
        var count = logits.Shape[0];
        Arguments.Matrix(logits, count, logits.Shape[1]);
        Arguments.That(k > 0 && k <= logits.Shape[1], $"{k} of {logits.Shape[1]} experts");
        Arguments.Vector(experts, DType.Int32, count * k);
        Arguments.Vector(weights, DType.Float32, count * k);
        for (var t = 0; t < count; t++)
        {
            ExpertRouting.Run(logits.Row<float>(t), renormalize, new Span<int>(experts.Pointer<int>() + (t * k), k), new Span<float>(weights.Pointer<float>() + (t * k), k));
        }
    }

    public void LogSoftmax(in Tensor logits, in Tensor output)
    {
        Arguments.Matrix(output, logits.Shape[0], logits.Shape[1]);
        rows = new RowsCall(RowOperation.LogSoftmax, logits, output);
        RunRows(16L * logits.Shape.ElementCount);
    }

    private static void CheckNorm(in Tensor x, in Tensor weight, in Tensor output)
    {
        Arguments.Matrix(x, x.Shape[0], x.Shape[1]);
        Arguments.Vector(weight, DType.Float32, x.Shape[1]);
        Arguments.Matrix(output, x.Shape[0], x.Shape[1]);
    }

    private void RunRows(long work) => Run(rowsSection, rows.Count > 1 ? work : 0);

    private void RunRows(int part, int parts)
    {
        var (begin, end) = PartRanges.Split(rows.Count, part, parts);
        for (nint r = begin; r < end; r++)
        {
            var from = rows.From + (r * rows.FromStride);
            var to = rows.To + (r * rows.ToStride);
            switch (rows.Operation)
            {
                case RowOperation.RmsNorm:
                    kernels.RmsNorm(from, rows.Residual is null ? null : rows.Residual + (r * rows.ResidualStride), rows.Weight, rows.ToWidth, rows.Factor, to);
                    break;
                case RowOperation.HeadRmsNorm:
                    for (var head = 0; head < rows.ToWidth; head += rows.HeadDim)
                    {
                        kernels.RmsNorm(to + head, null, rows.Weight, rows.HeadDim, rows.Factor, to + head);
                    }

                    break;
                case RowOperation.Rotary:
                    var position = rows.Positions[r];
                    Arguments.That((uint)position < (uint)rows.TableRows, $"position {position} is outside of {rows.TableRows}");
                    kernels.RotaryEmbedding(to, rows.ToWidth / rows.HeadDim, rows.HeadDim, rows.Weight + ((nint)position * rows.TableWidth), rows.TableWidth, rows.Interleaved);
                    break;
                case RowOperation.ActivationMul:
                    kernels.ActivationMul(rows.Activation, from, 0, 1, rows.ToWidth, to, 0);
                    break;
                case RowOperation.Scale:
                    var row = new Span<float>(to, rows.ToWidth);
                    TensorPrimitives.Multiply(row, rows.Factor, row);
                    break;
                case RowOperation.SoftCap:
                    kernels.SoftCap(to, rows.ToWidth, rows.Factor);
                    break;
                default:
                    kernels.LogSoftmax(from, rows.ToWidth, to);
                    break;
            }
        }
    }

    private enum RowOperation
    {
        RmsNorm,
        HeadRmsNorm,
        Rotary,
        ActivationMul,
        Scale,
        SoftCap,
        LogSoftmax,
    }

    private struct RowsCall(RowOperation operation, in Tensor from, in Tensor to)
    {
        public RowOperation Operation = operation;
        public int Count = to.Shape[0];
        public float* From = from.Pointer<float>();
        public int FromStride = from.RowStride;
        public float* To = to.Pointer<float>();
        public int ToStride = to.RowStride;
        public int ToWidth = to.Shape[1];
        public float* Weight;
        public float* Residual;
        public int ResidualStride;
        public int* Positions;
        public int HeadDim;
        public int TableWidth;
        public int TableRows;
        public float Factor;
        public bool Interleaved;
        public GatedActivation Activation;
    }
}
