namespace Octavo.ServingRuntime.Kernels.Profiling;

/// <summary>Measures how long each operation of another backend takes on the calling thread. Owns that backend. Allocates nothing once every operation has been seen.</summary>
public sealed class ProfilingBackend(IKernelBackend inner, TimeProvider timeProvider) : IKernelBackend
{
    private readonly Dictionary<(string Operation, int Outputs, int Inputs), Entry> entries = [];

    public Device Device => inner.Device;

    public string Description => inner.Description;

    /// <summary>Of each operation since <see cref="Reset"/>, the longest first.</summary>
    public IReadOnlyList<KernelTiming> Timings =>
        [.. entries.Where(e => e.Value.Calls > 0).Select(e => new KernelTiming(Name(e.Key), e.Value.Calls, e.Value.Ticks, e.Value.MultiplyAdds, e.Value.WeightBytes)).OrderByDescending(t => t.Ticks)];

    public void Reset()
    {
        foreach (var entry in entries.Values)
        {
            entry.Clear();
        }
    }

    public DeviceMemoryUse? MemoryUse => inner.MemoryUse;

    public int HostThreads => inner.HostThreads;

    public DType ActivationType(DType products) => inner.ActivationType(products);

    public void CheckDevice() => inner.CheckDevice();

    public Tensor CreateTable(in Tensor host) => inner.CreateTable(host);

    public LinearWeight? LinearOfTable(in Tensor table, DType dtype) => inner.LinearOfTable(table, dtype);

    public void RunOnHost(Action<int, int> work, int parts)
    {
        var start = timeProvider.GetTimestamp();
        inner.RunOnHost(work, parts);
        Count(nameof(RunOnHost), start);
    }

    public Tensor Allocate(TensorShape shape, DType dtype) => inner.Allocate(shape, dtype);

    public long KeyValueBlockBytes(int kvHeads, int headDim, int blockSize, DType dtype) => inner.KeyValueBlockBytes(kvHeads, headDim, blockSize, dtype);

    public KeyValueBlocks AllocateKeyValueBlocks(int numBlocks, int kvHeads, int headDim, int blockSize, DType dtype) =>
        inner.AllocateKeyValueBlocks(numBlocks, kvHeads, headDim, blockSize, dtype);

    public void CopyToDevice<T>(ReadOnlySpan<T> source, in Tensor destination) where T : unmanaged
    {
        var start = timeProvider.GetTimestamp();
        inner.CopyToDevice(source, destination);
        Count(nameof(CopyToDevice), start);
    }

    public void CopyToHost<T>(in Tensor source, Span<T> destination) where T : unmanaged
    {
        var start = timeProvider.GetTimestamp();
        inner.CopyToHost(source, destination);
        Count(nameof(CopyToHost), start);
    }

    public LinearWeight CreateLinear(ReadOnlySpan<Tensor> weights, ReadOnlySpan<Tensor> biases, DType dtype)
    {
        var start = timeProvider.GetTimestamp();
        var weight = inner.CreateLinear(weights, biases, dtype);
        Count(nameof(CreateLinear), start);
        return weight;
    }

    public LinearWeight CreateQuantizedLinear(IReadOnlyList<QuantizedMatrix> parts, ReadOnlySpan<Tensor> biases, DType dtype)
    {
        var start = timeProvider.GetTimestamp();
        var weight = inner.CreateQuantizedLinear(parts, biases, dtype);
        Count(nameof(CreateQuantizedLinear), start);
        return weight;
    }

    public void Embedding(in Tensor table, in Tensor ids, in Tensor output)
    {
        var start = timeProvider.GetTimestamp();
        inner.Embedding(table, ids, output);
        Count(nameof(Embedding), start);
    }

    public void RmsNorm(in Tensor x, in Tensor weight, float epsilon, in Tensor output)
    {
        var start = timeProvider.GetTimestamp();
        inner.RmsNorm(x, weight, epsilon, output);
        Count(nameof(RmsNorm), start);
    }

    public void AddRmsNorm(in Tensor x, in Tensor residual, in Tensor weight, float epsilon, in Tensor output)
    {
        var start = timeProvider.GetTimestamp();
        inner.AddRmsNorm(x, residual, weight, epsilon, output);
        Count(nameof(AddRmsNorm), start);
    }

    public void Linear(in Tensor x, LinearWeight weight, in Tensor output)
    {
        var start = timeProvider.GetTimestamp();
        inner.Linear(x, weight, output);
        CountProduct(nameof(Linear), start, x, weight);
    }

    public void RotaryEmbedding(in Tensor x, int headDim, in Tensor positions, in Tensor cosSin, bool interleaved = false)
    {
        var start = timeProvider.GetTimestamp();
        inner.RotaryEmbedding(x, headDim, positions, cosSin, interleaved);
        Count(nameof(RotaryEmbedding), start);
    }

    public void HeadRmsNorm(in Tensor x, int headDim, in Tensor weight, float epsilon)
    {
        var start = timeProvider.GetTimestamp();
        inner.HeadRmsNorm(x, headDim, weight, epsilon);
        Count(nameof(HeadRmsNorm), start);
    }

    public void Copy(in Tensor source, in Tensor destination)
    {
        var start = timeProvider.GetTimestamp();
        inner.Copy(source, destination);
        Count(nameof(Copy), start);
    }

    public void Fill(in Tensor x, float value)
    {
        var start = timeProvider.GetTimestamp();
        inner.Fill(x, value);
        Count(nameof(Fill), start);
    }

    public void Scale(in Tensor x, float factor)
    {
        var start = timeProvider.GetTimestamp();
        inner.Scale(x, factor);
        Count(nameof(Scale), start);
    }

    public void SoftCap(in Tensor x, float cap)
    {
        var start = timeProvider.GetTimestamp();
        inner.SoftCap(x, cap);
        Count(nameof(SoftCap), start);
    }

    public void StoreKeyValues(in Tensor keys, in Tensor values, KeyValueBlocks blocks, in Tensor slots)
    {
        var start = timeProvider.GetTimestamp();
        inner.StoreKeyValues(keys, values, blocks, slots);
        Count(nameof(StoreKeyValues), start);
    }

    public void CopyBlocks(IReadOnlyList<KeyValueBlocks> layers, ReadOnlySpan<BlockCopy> copies)
    {
        var start = timeProvider.GetTimestamp();
        inner.CopyBlocks(layers, copies);
        Count(nameof(CopyBlocks), start);
    }

    public void PagedAttention(in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output)
    {
        var start = timeProvider.GetTimestamp();
        inner.PagedAttention(queries, blocks, sequences, options, output);
        Count(nameof(PagedAttention), start);
    }

    public void ActivationMul(GatedActivation activation, in Tensor gateUp, in Tensor output)
    {
        var start = timeProvider.GetTimestamp();
        inner.ActivationMul(activation, gateUp, output);
        Count(nameof(ActivationMul), start);
    }

    public void GatedLinear(in Tensor x, LinearWeight weight, GatedActivation activation, in Tensor output)
    {
        var start = timeProvider.GetTimestamp();
        inner.GatedLinear(x, weight, activation, output);
        CountProduct(nameof(GatedLinear), start, x, weight);
    }

    public void TopExperts(in Tensor logits, int k, bool renormalize, in Tensor experts, in Tensor weights)
    {
        var start = timeProvider.GetTimestamp();
        inner.TopExperts(logits, k, renormalize, experts, weights);
        Count(nameof(TopExperts), start);
    }

    public void ScatterAddRows(in Tensor x, in Tensor rows, in Tensor weights, in Tensor output)
    {
        var start = timeProvider.GetTimestamp();
        inner.ScatterAddRows(x, rows, weights, output);
        Count(nameof(ScatterAddRows), start);
    }

    public void GatherRows(in Tensor x, in Tensor rows, in Tensor output)
    {
        var start = timeProvider.GetTimestamp();
        inner.GatherRows(x, rows, output);
        Count(nameof(GatherRows), start);
    }

    public void ArgMax(in Tensor logits, in Tensor tokens)
    {
        var start = timeProvider.GetTimestamp();
        inner.ArgMax(logits, tokens);
        Count(nameof(ArgMax), start);
    }

    public void LogSoftmax(in Tensor logits, in Tensor output)
    {
        var start = timeProvider.GetTimestamp();
        inner.LogSoftmax(logits, output);
        Count(nameof(LogSoftmax), start);
    }

    public void Dispose() => inner.Dispose();

    private static string Name((string Operation, int Outputs, int Inputs) key) => key.Outputs == 0 ? key.Operation : $"{key.Operation} {key.Outputs} x {key.Inputs}";

    private void CountProduct(string operation, long start, in Tensor x, LinearWeight weight)
    {
        var entry = Count(operation, start, weight.OutFeatures, weight.InFeatures);
        entry.MultiplyAdds += (long)x.Shape[0] * weight.OutFeatures * weight.InFeatures;
        entry.WeightBytes += weight.Bytes;
    }

    private Entry Count(string operation, long start, int outputs = 0, int inputs = 0)
    {
        if (!entries.TryGetValue((operation, outputs, inputs), out var entry))
        {
            entries.Add((operation, outputs, inputs), entry = new Entry());
        }

        entry.Calls++;
        entry.Ticks += timeProvider.GetTimestamp() - start;
        return entry;
    }

    private sealed class Entry
    {
        public long Calls;
        public long Ticks;
        public long MultiplyAdds;
        public long WeightBytes;

        public void Clear() => Calls = Ticks = MultiplyAdds = WeightBytes = 0;
    }
}
