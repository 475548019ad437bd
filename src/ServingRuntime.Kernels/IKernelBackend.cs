namespace Octavo.ServingRuntime.Kernels;

/// <summary>
/// The operations that models are made of. T: tokens of a step, H: hidden size, D: head size, V: vocabulary.
/// Activations are of the type that <see cref="ActivationType"/> says, those of one call alike; what adds up over layers or is looked at by the host (the residual stream, a router's logits, logits)
/// is float32, and so is what a member says nothing of. Outputs may not overlap inputs unless said.
/// <para>Batch invariance is part of the contract on the CPU: an output row depends on its own input rows alone, bit for bit,
/// however many other rows there are and however work is divided among threads.</para>
/// Calls come from one thread and take effect in order.
/// </summary>
public interface IKernelBackend : IDisposable
{
    Device Device { get; }

    /// <summary>One line for the log: instruction set or device, threads.</summary>
    string Description { get; }

    /// <summary>Memory of the device, where it has its own; null: tensors are in the host's.</summary>
    DeviceMemoryUse? MemoryUse { get; }

    /// <summary>Throws where the device works no more, though nothing was asked of it: for whoever waits beside an idle one. Returns when all that was enqueued is done.</summary>
    void CheckDevice();

    /// <summary>Threads that <see cref="RunOnHost"/> works with.</summary>
    int HostThreads { get; }

    /// <summary>What activations are held in where products are computed in a type (float32, bfloat16 or, where the backend has it, float16).</summary>
    DType ActivationType(DType products) => DType.Float32;

    /// <summary>
    /// Calls work(part, parts) once for each part, several at once, and returns when all are done: for what the host does between the backend's operations.
    /// The only operation that work may call is <see cref="CopyToHost"/>. Rethrows the first exception.
    /// </summary>
    /// <param name="parts">1 to 4096.</param>
    void RunOnHost(Action<int, int> work, int parts);

    /// <summary>Whether <see cref="Replay"/> saves enough for steps to be padded to few shapes.</summary>
    bool CanReplay => false;

    /// <summary>
    /// Does work, which calls operations of this backend and nothing that copies from or to the host, and which for equal shape always does the same with tensors in the same places. A backend may
    /// record what it enqueues and enqueue the record the next time instead of calling work, for as long as no memory has been freed.
    /// </summary>
    void Replay(long shape, Action work) => work();

    /// <summary>New memory, all zero, aligned to 64 bytes. The caller disposes <see cref="Tensor.Memory"/>.</summary>
    Tensor Allocate(TensorShape shape, DType dtype);

    /// <summary>Bytes of one block of one layer, keys, values and their scales: what <see cref="AllocateKeyValueBlocks"/> takes for each.</summary>
    long KeyValueBlockBytes(int kvHeads, int headDim, int blockSize, DType dtype);

    /// <summary>Zeroed blocks for one layer. <paramref name="blockSize"/> is 16, 32 or 64; <paramref name="headDim"/> 1 to 512.</summary>
    /// <param name="dtype">
    /// How keys and values are held: float32; bfloat16 or, on CUDA alone, float16 (to nearest even); int8 or float8 (E4M3), each head of a token with a scale of its own for its keys and one for its values,
    /// so that its largest magnitude becomes 127 or 448. With any but float32 attention may round queries and weights to bfloat16; sums stay float32.
    /// </param>
    KeyValueBlocks AllocateKeyValueBlocks(int numBlocks, int kvHeads, int headDim, int blockSize, DType dtype = DType.Float32);

    /// <summary>Host values into the front of a dense tensor.</summary>
    void CopyToDevice<T>(ReadOnlySpan<T> source, in Tensor destination) where T : unmanaged;

    /// <summary>All of a dense tensor to the host.</summary>
    void CopyToHost<T>(in Tensor source, Span<T> destination) where T : unmanaged;

    /// <summary>
    /// Packs matrices [N_i, K] (float32, bfloat16 or float16, in host memory), stacked by rows to [sum N_i, K], for <see cref="Linear"/>.
    /// The sources are not needed afterwards.
    /// </summary>
    /// <param name="biases">None, or one vector [N_i] for each matrix.</param>
    /// <param name="dtype">
    /// float32: products as with the weights in float32; a backend may hold them in a narrower type where that loses nothing. bfloat16: weights are rounded to bfloat16 (to nearest even)
    /// and the product may round activations to bfloat16, too; sums stay float32. float16: the same in float16, on devices that have it. Which it does depends on the weight and the processor alone, never on the other rows.
    /// </param>
    LinearWeight CreateLinear(ReadOnlySpan<Tensor> weights, ReadOnlySpan<Tensor> biases, DType dtype);

    /// <summary>
    /// Packs quantised matrices of equal inputs, bits, groups and input order, stacked by outputs, for <see cref="Linear"/>, which computes with the packed numbers;
    /// no widened copy is kept.
    /// </summary>
    /// <param name="biases">None, or one vector [N_i] for each matrix.</param>
    /// <param name="dtype">float32: activations and sums are float32. bfloat16: activations may be rounded to bfloat16 or, by groups of inputs, to whole numbers; sums stay float32 or exact.</param>
    LinearWeight CreateQuantizedLinear(IReadOnlyList<QuantizedMatrix> parts, ReadOnlySpan<Tensor> biases, DType dtype);

    /// <summary>
    /// A matrix [V, H] (float32, bfloat16 or float16, in host memory) for <see cref="Embedding"/>: the same tensor, which must then stay open, where the backend reads it in its place;
    /// else a copy of the same type, whose memory the caller disposes.
    /// </summary>
    Tensor CreateTable(in Tensor host);

    /// <summary>
    /// A table of <see cref="CreateTable"/> as a weight for <see cref="Linear"/>, in its place, so that tied embeddings are in memory once; the table must stay open.
    /// Null: the backend holds weights for products in another form, or of another type than the table's.
    /// </summary>
    /// <param name="dtype">As with <see cref="CreateLinear"/>.</param>
    LinearWeight? LinearOfTable(in Tensor table, DType dtype);

    /// <summary>output [T, H] float32 = table[ids[t]]; table [V, H] of <see cref="CreateTable"/>; ids int32 [T], all in 0..V-1.</summary>
    void Embedding(in Tensor table, in Tensor ids, in Tensor output);

    /// <summary>output [T, H] = x / sqrt(mean(x²) + epsilon) * weight; x [T, H] of the output's type or float32, weight [H]. Output may be x.</summary>
    void RmsNorm(in Tensor x, in Tensor weight, float epsilon, in Tensor output);

    /// <summary>residual [T, H], float32, += x; output = RmsNorm(residual). Output may be x.</summary>
    void AddRmsNorm(in Tensor x, in Tensor residual, in Tensor weight, float epsilon, in Tensor output);

    /// <summary>output [T, N] = x [T, K] · weightᵀ (+ bias). The output is of the activations' type or float32.</summary>
    void Linear(in Tensor x, LinearWeight weight, in Tensor output);

    /// <summary>
    /// Rotates in place each head of x [T, heads * headDim] by the row of <paramref name="cosSin"/> [positions, R] (R/2 cosines, then R/2 sines)
    /// that <paramref name="positions"/> int32 [T] names. Element i pairs with i + R/2 (Hugging Face's rotate_half); elements from R on stay.
    /// </summary>
    /// <param name="interleaved">Element 2i pairs with 2i + 1 instead (GLM).</param>
    void RotaryEmbedding(in Tensor x, int headDim, in Tensor positions, in Tensor cosSin, bool interleaved = false);

    /// <summary>RmsNorm of each head of x [T, heads * headDim] by itself, in place; weight [headDim].</summary>
    void HeadRmsNorm(in Tensor x, int headDim, in Tensor weight, float epsilon);

    /// <summary>destination [T, H] = source [T, H]; one may be float32 and the other of the activations' type.</summary>
    void Copy(in Tensor source, in Tensor destination);

    /// <summary>Every element of x [T, H] = value.</summary>
    void Fill(in Tensor x, float value);

    /// <summary>x [T, H] *= factor.</summary>
    void Scale(in Tensor x, float factor);

    /// <summary>x = cap · tanh(x / cap), for x [T, H].</summary>
    void SoftCap(in Tensor x, float cap);

    /// <summary>Stores keys and values [T, KVHeads * D] into slots int32 [T] (block * BlockSize + offset), rounded to the blocks' type: what is stored depends on the row alone.</summary>
    void StoreKeyValues(in Tensor keys, in Tensor values, KeyValueBlocks blocks, in Tensor slots);

    /// <summary>
    /// What comes between the product of queries, keys and values and attention: heads of queries and keys are normed where a model does so and rotated, queries in place, then keys and values are stored.
    /// By default the operations for each, one after the other; a backend that does it at once may leave the keys in <paramref name="projected"/> as they were and round only at the end.
    /// </summary>
    /// <param name="projected">[T, (heads + 2 KVHeads) * D]: queries, keys, values.</param>
    /// <param name="norms">Null: none.</param>
    /// <param name="positions">int32 [T].</param>
    /// <param name="slots">As of <see cref="StoreKeyValues"/>.</param>
    void RotateAndStore(in Tensor projected, HeadNorms? norms, in Tensor positions, in RotaryTable table, KeyValueBlocks blocks, in Tensor slots)
    {
        var keyWidth = blocks.KVHeads * blocks.HeadDim;
        var queryWidth = projected.Shape[1] - (2 * keyWidth);
        if (norms is { } given)
        {
            HeadRmsNorm(projected.Columns(0, queryWidth), blocks.HeadDim, given.Query, given.Epsilon);
            HeadRmsNorm(projected.Columns(queryWidth, keyWidth), blocks.HeadDim, given.Key, given.Epsilon);
        }

        RotaryEmbedding(projected.Columns(0, queryWidth + keyWidth), blocks.HeadDim, positions, table.CosSin, table.Interleaved);
        StoreKeyValues(projected.Columns(queryWidth, keyWidth), projected.Columns(queryWidth + keyWidth, keyWidth), blocks, slots);
    }

    /// <summary>
    /// Copies whole blocks, keys and values, in every layer. Copies take effect as if done one after another: a block may be the destination of one
    /// and then the source or destination of a later one. Source and destination of a copy differ.
    /// </summary>
    /// <param name="layers">Blocks of equal number and size.</param>
    void CopyBlocks(IReadOnlyList<KeyValueBlocks> layers, ReadOnlySpan<BlockCopy> copies);

    /// <summary>
    /// Causal attention of queries [T, heads * D] over stored keys and values; output the same shape; heads is a multiple of KVHeads.
    /// The query at position p sees tokens 0..p. Slots past the end of a sequence may hold anything. On CUDA queries and output may be bfloat16 or float16, too.
    /// </summary>
    void PagedAttention(in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output);

    /// <summary>output [T, F] = activation(gateUp[:, :F]) * gateUp[:, F:]; gateUp [T, 2F].</summary>
    void ActivationMul(GatedActivation activation, in Tensor gateUp, in Tensor output);

    /// <summary>
    /// output [T, F] = activation(x · Wgᵀ) * (x · Wuᵀ), biases included, for a weight of 2F outputs, those of the gate first: bit for bit what <see cref="Linear"/> and <see cref="ActivationMul"/>
    /// give one after the other, without their [T, 2F] between.
    /// </summary>
    void GatedLinear(in Tensor x, LinearWeight weight, GatedActivation activation, in Tensor output);

    /// <summary>
    /// A mixture of experts' routing: for each row of logits [T, E] the softmax over all experts and its k largest, best first, the lower expert among equals.
    /// </summary>
    /// <param name="renormalize">Whether the k weights are divided by their sum.</param>
    /// <param name="experts">int32 [T * k].</param>
    /// <param name="weights">float32 [T * k].</param>
    void TopExperts(in Tensor logits, int k, bool renormalize, in Tensor experts, in Tensor weights);

    /// <summary>output [T, H] float32: row rows[r] += weights[r] * x[r], in the order of r; x [R, H], rows int32 [R], weights float32 [R].</summary>
    void ScatterAddRows(in Tensor x, in Tensor rows, in Tensor weights, in Tensor output);

    /// <summary>output [R, H] = x[rows[r]]; rows int32 [R].</summary>
    void GatherRows(in Tensor x, in Tensor rows, in Tensor output);

    /// <summary>tokens int32 [R] = index of each row's largest of logits [R, V], the lowest among equals; -1 where a row holds a NaN.</summary>
    void ArgMax(in Tensor logits, in Tensor tokens);

    /// <summary>output [R, V] = logits - log(sum(exp(logits))) by row. Output may be logits.</summary>
    void LogSoftmax(in Tensor logits, in Tensor output);
}
