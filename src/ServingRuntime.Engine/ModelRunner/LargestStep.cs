using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.ModelRunner;

/// <summary>
/// The steps that need the most memory beside weights and blocks: one with as many tokens as a step may have, and one in which every sequence adds a token to a context of full length.
/// They compute nonsense, and store nothing.
/// </summary>
/// <param name="tokens">Most of a step.</param>
/// <param name="sequences">Most of a step.</param>
/// <param name="logitRows">Most rows that logits are computed of at once.</param>
internal sealed class LargestStep(int tokens, int sequences, int logitRows, int maxModelLen, int blockSize)
{
    // A slot that stores nothing: see IKernelBackend.StoreKeyValues.
    private const int NoSlot = -1;

    public void Run(IKernelBackend backend, ICausalLM model, ModelConfig config, DType cacheType)
    {
        using var block = backend.AllocateKeyValueBlocks(1, config.NumKeyValueHeads, config.HeadDim, blockSize, cacheType);
        KeyValueBlocks[] layers = [.. Enumerable.Repeat(block, config.NumHiddenLayers)];
        var chunks = Math.Min(tokens, sequences);
        Step(backend, model, layers, [.. Enumerable.Range(0, chunks).Select(s => (tokens / chunks) + (s < tokens % chunks ? 1 : 0))]);
        Step(backend, model, layers, [.. Enumerable.Repeat(1, backend.CanReplay ? DecodeShape.Padded(chunks) : chunks)]);
    }

    /// <param name="lengths">Tokens of each sequence, which has none before.</param>
    private void Step(IKernelBackend backend, ICausalLM model, KeyValueBlocks[] layers, int[] lengths)
    {
        var made = new List<Tensor>();
        try
        {
            var total = lengths.Sum();
            var positions = lengths.SelectMany(length => Enumerable.Range(0, length).Select(position => Math.Min(position, maxModelLen - 1))).ToArray();
            int[] starts = [0, .. lengths.Select((_, s) => lengths.Take(s + 1).Sum())];
            // As far as a shape that is replayed goes: what attention takes depends on that, not on the lengths themselves.
            var longest = DecodeShape.Of(1, Math.Max(maxModelLen, lengths.Max())).MaxSequenceLength;
            var width = DecodeShape.TableWidth(longest, blockSize);
            var metadata = new AttentionMetadata(
                Made(positions),
                Made([.. Enumerable.Repeat(NoSlot, total)]),
                new PagedSequences(Made(starts), Made(lengths), Shaped(Made(new int[lengths.Length * width]), lengths.Length, width))
                {
                    MaxQueryLength = lengths.Max(), MaxSequenceLength = longest,
                });
            var hidden = model.Forward(Made(new int[total]), metadata, layers);
            var rows = Math.Min(total, logitRows);
            var logits = model.ComputeLogits(hidden, Made([.. Enumerable.Range(0, rows)]));
            backend.ArgMax(logits, Made(new int[rows]));
            backend.LogSoftmax(logits, logits);
            backend.CheckDevice();
        }
        finally
        {
            made.ForEach(tensor => tensor.Memory.Dispose());
        }

        Tensor Made(int[] values)
        {
            var tensor = backend.Allocate(new TensorShape(values.Length), DType.Int32);
            made.Add(tensor);
            backend.CopyToDevice<int>(values, tensor);
            return tensor;
        }

        static Tensor Shaped(Tensor values, int rows, int columns) => new(values.Memory, 0, new TensorShape(rows, columns), DType.Int32);
    }
}
