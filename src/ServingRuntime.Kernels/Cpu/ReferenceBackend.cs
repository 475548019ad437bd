namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>Every operation as its formula says, one element at a time, sums in double precision: what the fast kernels are compared with.</summary>
public sealed class ReferenceBackend : IKernelBackend
{
    public Device Device => Device.Cpu;

    public string Description => "cpu, plain reference";

    public int HostThreads => 1;

    public void RunOnHost(Action<int, int> work, int parts)
    {
        for (var part = 0; part < parts; part++)
        {
            work(part, parts);
        }
    }

    public DeviceMemoryUse? MemoryUse => null;

    public void CheckDevice()
    {
    }

    public Tensor CreateTable(in Tensor host) => host;

    public LinearWeight? LinearOfTable(in Tensor table, DType dtype) => null;

    public Tensor Allocate(TensorShape shape, DType dtype) => new(new CpuMemory(checked(shape.ElementCount * dtype.Size())), 0, shape, dtype);

    public long KeyValueBlockBytes(int kvHeads, int headDim, int blockSize, DType dtype) => 2L * kvHeads * headDim * blockSize * sizeof(float);

    /// <summary>Both as [block, slot, head, element], rounded as the type would round them but in float32.</summary>
    public KeyValueBlocks AllocateKeyValueBlocks(int numBlocks, int kvHeads, int headDim, int blockSize, DType dtype)
    {
        Arguments.Blocks(numBlocks, kvHeads, headDim, blockSize, dtype, float16: true);
        var shape = new TensorShape(numBlocks, blockSize, kvHeads, headDim);
        return new KeyValueBlocks(Allocate(shape, DType.Float32), Allocate(shape, DType.Float32), null, dtype, numBlocks, kvHeads, headDim, blockSize);
    }

    public void CopyToDevice<T>(ReadOnlySpan<T> source, in Tensor destination) where T : unmanaged => source.CopyTo(destination.AsSpan<T>());

    public void CopyToHost<T>(in Tensor source, Span<T> destination) where T : unmanaged => source.AsSpan<T>().CopyTo(destination);

    public LinearWeight CreateLinear(ReadOnlySpan<Tensor> weights, ReadOnlySpan<Tensor> biases, DType dtype) => new RowMajorLinear(weights, biases, dtype);

    public LinearWeight CreateQuantizedLinear(IReadOnlyList<QuantizedMatrix> parts, ReadOnlySpan<Tensor> biases, DType dtype) => new RowMajorLinear(parts, biases);

    public void Embedding(in Tensor table, in Tensor ids, in Tensor output)
    {
        for (var t = 0; t < output.Shape[0]; t++)
        {
            var row = output.Row<float>(t);
            for (var i = 0; i < row.Length; i++)
            {
                row[i] = HostValues.Read(table, ((long)ids.AsSpan<int>()[t] * table.RowStride) + i);
            }
        }
    }

    public void RmsNorm(in Tensor x, in Tensor weight, float epsilon, in Tensor output)
    {
        var gain = weight.AsSpan<float>();
        for (var t = 0; t < x.Shape[0]; t++)
        {
            Span<float> from = x.Row<float>(t), to = output.Row<float>(t);
            var squares = 0.0;
            foreach (var value in from)
            {
                squares += (double)value * value;
            }

            var scale = 1 / Math.Sqrt((squares / from.Length) + epsilon);
            for (var i = 0; i < from.Length; i++)
            {
                to[i] = (float)(from[i] * scale * gain[i]);
            }
        }
    }

    public void AddRmsNorm(in Tensor x, in Tensor residual, in Tensor weight, float epsilon, in Tensor output)
    {
        for (var t = 0; t < x.Shape[0]; t++)
        {
            Span<float> from = x.Row<float>(t), to = residual.Row<float>(t);
            for (var i = 0; i < from.Length; i++)
            {
                to[i] += from[i];
            }
        }

        RmsNorm(residual, weight, epsilon, output);
    }

    public void Linear(in Tensor x, LinearWeight weight, in Tensor output)
    {
        var matrix = (RowMajorLinear)weight;
        for (var t = 0; t < x.Shape[0]; t++)
        {
            Span<float> from = x.Row<float>(t), to = output.Row<float>(t);
            for (var n = 0; n < to.Length; n++)
            {
                var sum = 0.0;
                for (var k = 0; k < from.Length; k++)
                {
                    sum += (double)from[k] * matrix.Values[(n * from.Length) + k];
                }

                to[n] = (float)(sum + (matrix.Bias is null ? 0 : matrix.Bias[n]));
            }
        }
    }

    public void HeadRmsNorm(in Tensor x, int headDim, in Tensor weight, float epsilon)
    {
        for (var head = 0; head < x.Shape[1]; head += headDim)
        {
            RmsNorm(x.Columns(head, headDim), weight, epsilon, x.Columns(head, headDim));
        }
    }

    public void Copy(in Tensor source, in Tensor destination)
    {
        for (var t = 0; t < source.Shape[0]; t++)
        {
            source.Row<float>(t).CopyTo(destination.Row<float>(t));
        }
    }

    public void Fill(in Tensor x, float value) => Apply(x, _ => value);

    public void Scale(in Tensor x, float factor) => Apply(x, value => value * factor);

    public void SoftCap(in Tensor x, float cap) => Apply(x, value => cap * Math.Tanh(value / cap));

    public void RotaryEmbedding(in Tensor x, int headDim, in Tensor positions, in Tensor cosSin, bool interleaved)
    {
        var half = cosSin.Shape[1] / 2;
        for (var t = 0; t < x.Shape[0]; t++)
        {
            var angles = cosSin.Row<float>(positions.AsSpan<int>()[t]);
            for (var start = 0; start < x.Shape[1]; start += headDim)
            {
                var head = x.Row<float>(t).Slice(start, headDim);
                for (var i = 0; i < half; i++)
                {
                    var (at, with) = interleaved ? (2 * i, (2 * i) + 1) : (i, half + i);
                    double first = head[at], second = head[with];
                    head[at] = (float)((first * angles[i]) - (second * angles[half + i]));
                    head[with] = (float)((second * angles[i]) + (first * angles[half + i]));
                }
            }
        }
    }

    public void StoreKeyValues(in Tensor keys, in Tensor values, KeyValueBlocks blocks, in Tensor slots)
    {
        var width = blocks.KVHeads * blocks.HeadDim;
        for (var t = 0; t < keys.Shape[0]; t++)
        {
            var slot = slots.AsSpan<int>()[t];
            Round(keys.Row<float>(t), blocks, blocks.Keys.AsSpan<float>().Slice(slot * width, width));
            Round(values.Row<float>(t), blocks, blocks.Values.AsSpan<float>().Slice(slot * width, width));
        }
    }

    public void CopyBlocks(IReadOnlyList<KeyValueBlocks> layers, ReadOnlySpan<BlockCopy> copies)
    {
        foreach (var layer in layers)
        {
            Arguments.Copies(layer, copies);
            var size = layer.BlockSize * layer.KVHeads * layer.HeadDim;
            foreach (var (source, destination) in copies)
            {
                for (var i = 0; i < size; i++)
                {
                    layer.Keys.AsSpan<float>()[(destination * size) + i] = layer.Keys.AsSpan<float>()[(source * size) + i];
                    layer.Values.AsSpan<float>()[(destination * size) + i] = layer.Values.AsSpan<float>()[(source * size) + i];
                }
            }
        }
    }

    public void PagedAttention(in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output)
    {
        Arguments.Attention(queries, blocks, sequences, options, output);
        var heads = queries.Shape[1] / blocks.HeadDim;
        var starts = sequences.QueryStarts.AsSpan<int>();
        for (var s = 0; s < sequences.Count; s++)
        {
            for (var head = 0; head < heads; head++)
            {
                var kvHead = head / (heads / blocks.KVHeads);
                var (table, length) = Kept(sequences, s, kvHead);
                for (var t = starts[s]; t < starts[s + 1]; t++)
                {
                    var query = queries.Row<float>(t).Slice(head * blocks.HeadDim, blocks.HeadDim);
                    var to = output.Row<float>(t).Slice(head * blocks.HeadDim, blocks.HeadDim);
                    Attend(query, blocks, table, kvHead, length - (starts[s + 1] - t) + 1, options, to);
                }
            }
        }
    }

    public void ActivationMul(GatedActivation activation, in Tensor gateUp, in Tensor output)
    {
        for (var t = 0; t < output.Shape[0]; t++)
        {
            Span<float> from = gateUp.Row<float>(t), to = output.Row<float>(t);
            for (var i = 0; i < to.Length; i++)
            {
                double x = from[i];
                var gate = activation == GatedActivation.Silu
                    ? x / (1 + Math.Exp(-x))
                    : x / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))));
                to[i] = (float)(gate * from[to.Length + i]);
            }
        }
    }

    public void GatedLinear(in Tensor x, LinearWeight weight, GatedActivation activation, in Tensor output)
    {
        using var memory = new CpuMemory((long)x.Shape[0] * weight.OutFeatures * sizeof(float));
        var wide = new Tensor(memory, 0, new TensorShape(x.Shape[0], weight.OutFeatures), DType.Float32);
        Linear(x, weight, wide);
        ActivationMul(activation, wide, output);
    }

    public void TopExperts(in Tensor logits, int k, bool renormalize, in Tensor experts, in Tensor weights)
    {
        for (var t = 0; t < logits.Shape[0]; t++)
        {
            var row = logits.Row<float>(t).ToArray();
            var sum = row.Sum(logit => Math.Exp(logit));
            var best = Enumerable.Range(0, row.Length).OrderByDescending(expert => row[expert]).ThenBy(expert => expert).Take(k).ToList();
            var kept = renormalize ? best.Sum(expert => Math.Exp(row[expert])) : sum;
            for (var i = 0; i < k; i++)
            {
                experts.AsSpan<int>()[(t * k) + i] = best[i];
                weights.AsSpan<float>()[(t * k) + i] = (float)(Math.Exp(row[best[i]]) / kept);
            }
        }
    }

    public void ScatterAddRows(in Tensor x, in Tensor rows, in Tensor weights, in Tensor output)
    {
        for (var r = 0; r < x.Shape[0]; r++)
        {
            Span<float> from = x.Row<float>(r), to = output.Row<float>(rows.AsSpan<int>()[r]);
            for (var i = 0; i < from.Length; i++)
            {
                to[i] += from[i] * weights.AsSpan<float>()[r];
            }
        }
    }

    public void GatherRows(in Tensor x, in Tensor rows, in Tensor output)
    {
        for (var r = 0; r < output.Shape[0]; r++)
        {
            x.Row<float>(rows.AsSpan<int>()[r]).CopyTo(output.Row<float>(r));
        }
    }

    public void ArgMax(in Tensor logits, in Tensor tokens)
    {
        for (var r = 0; r < logits.Shape[0]; r++)
        {
            var row = logits.Row<float>(r);
            var best = 0;
            for (var i = 0; i < row.Length && best >= 0; i++)
            {
                best = float.IsNaN(row[i]) ? -1 : row[i] > row[best] ? i : best;
            }

            tokens.AsSpan<int>()[r] = best;
        }
    }

    public void LogSoftmax(in Tensor logits, in Tensor output)
    {
        for (var r = 0; r < logits.Shape[0]; r++)
        {
            Span<float> from = logits.Row<float>(r), to = output.Row<float>(r);
            var max = double.NegativeInfinity;
            foreach (var value in from)
            {
                max = Math.Max(max, value);
            }

            var sum = 0.0;
            foreach (var value in from)
            {
                sum += Math.Exp(value - max);
            }

            for (var i = 0; i < from.Length; i++)
            {
                to[i] = (float)(from[i] - max - Math.Log(sum));
            }
        }
    }

    public void Dispose()
    {
    }

    private static void Round(Span<float> row, KeyValueBlocks blocks, Span<float> stored)
    {
        for (var head = 0; head < row.Length; head += blocks.HeadDim)
        {
            var from = row.Slice(head, blocks.HeadDim);
            var (largest, top) = (from.ToArray().Max(Math.Abs), blocks.DType == DType.Int8 ? 127f : 448f);
            for (var i = 0; i < from.Length; i++)
            {
                stored[head + i] = blocks.DType switch
                {
                    DType.Float32 => from[i],
                    DType.BFloat16 => HostValues.FromBFloat16(HostValues.ToBFloat16(from[i])),
                    DType.Float16 => (float)(Half)from[i],
                    _ when largest == 0 => 0,
                    DType.Int8 => MathF.Round(from[i] * (top / largest)) * (largest / top),
                    _ => Float8.FromE4M3(Float8.ToE4M3(from[i] * (top / largest))) * (largest / top),
                };
            }
        }
    }

    private static void Apply(in Tensor x, Func<double, double> function)
    {
        for (var t = 0; t < x.Shape[0]; t++)
        {
            foreach (ref var value in x.Row<float>(t))
            {
                value = (float)function(value);
            }
        }
    }

    private static (int[] Table, int Length) Kept(in PagedSequences sequences, int sequence, int kvHead)
    {
        if (sequences.Groups is not { } groups)
        {
            return (sequences.BlockTables.Row<int>(sequence).ToArray(), sequences.SequenceLengths.AsSpan<int>()[sequence]);
        }

        var (group, width) = (groups.GroupOf.AsSpan<int>()[kvHead], groups.Tables.Shape[2]);
        var at = (sequence * groups.Count) + group;
        return (groups.Tables.AsSpan<int>().Slice(at * width, width).ToArray(), groups.Lengths.AsSpan<int>()[at]);
    }

    private static void Attend(Span<float> query, KeyValueBlocks blocks, Span<int> table, int kvHead, int length, AttentionOptions options, Span<float> output)
    {
        if (length <= 0)
        {
            output.Clear();
            return;
        }

        int Place(int token, Span<int> blockTable) =>
            ((((blockTable[token / blocks.BlockSize] * blocks.BlockSize) + (token % blocks.BlockSize)) * blocks.KVHeads) + kvHead) * blocks.HeadDim;

        Span<float> keys = blocks.Keys.AsSpan<float>(), values = blocks.Values.AsSpan<float>();
        var scores = new double[length];
        for (var j = 0; j < length; j++)
        {
            var key = keys.Slice(Place(j, table), blocks.HeadDim);
            for (var d = 0; d < key.Length; d++)
            {
                scores[j] += (double)query[d] * key[d];
            }

            scores[j] *= options.Scale;
            scores[j] = options.SoftCap > 0 ? options.SoftCap * Math.Tanh(scores[j] / options.SoftCap) : scores[j];
            scores[j] = options.SlidingWindow > 0 && j < length - options.SlidingWindow ? double.NegativeInfinity : scores[j];
        }

        var max = scores.Max();
        for (var j = 0; j < length; j++)
        {
            scores[j] = Math.Exp(scores[j] - max);
        }

        var sum = scores.Sum();
        for (var d = 0; d < output.Length; d++)
        {
            var total = 0.0;
            for (var j = 0; j < length; j++)
            {
                total += scores[j] * values[Place(j, table) + d];
            }

            output[d] = (float)(total / sum);
        }
    }
}
