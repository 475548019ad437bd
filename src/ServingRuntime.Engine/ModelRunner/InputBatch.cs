using Octavo.ServingRuntime.Engine.Scheduling;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.ModelRunner;

/// <summary>
/// One step's inputs, laid out on the host one behind the other and copied to the backend's memory at once; both are allocated once. Steps of equal shape have every tensor in the same place.
/// </summary>
internal sealed class InputBatch : IDisposable
{
    // A slot that stores nothing: see IKernelBackend.StoreKeyValues.
    private const int NoSlot = -1;

    /// <summary>Tensors begin at multiples of so many elements.</summary>
    private const int Alignment = 16;
    private readonly IKernelBackend backend;
    private readonly int blockSize;
    private readonly int[] host;
    private readonly Tensor device;
    private int used;

    public InputBatch(IKernelBackend backend, int maxTokens, int maxSequences, int maxBlocksPerSequence, int blockSize)
    {
        this.backend = backend;
        this.blockSize = blockSize;

        // A padded step has as many tokens as the sequences that it is padded to, and tables for lengths rounded up.
        var tokens = Aligned(Math.Max(maxTokens, DecodeShape.Padded(maxSequences)));
        var sequences = Aligned(DecodeShape.Padded(maxSequences) + 1);
        var tables = (long)DecodeShape.Padded(maxSequences) * DecodeShape.TableWidth(maxBlocksPerSequence * blockSize, blockSize);
        host = new int[checked((int)((4L * tokens) + (2 * sequences) + tables + Alignment))];
        device = backend.Allocate(new TensorShape(host.Length), DType.Int32);
    }

    /// <summary>int32 [T].</summary>
    public Tensor TokenIds { get; private set; }

    /// <summary>int32 [R]: rows that tokens are sampled from, for each request in turn that samples those of its last real token and of its drafts; R may be 0. The shape's padding is not among them.</summary>
    public Tensor LogitRows { get; private set; }

    /// <summary>The same with the padding.</summary>
    public Tensor AllLogitRows { get; private set; }

    public AttentionMetadata Metadata { get; private set; }

    /// <param name="shape">What a step of one token for each sequence is padded to; null: nothing is added.</param>
    public void Fill(SchedulerOutput step, DecodeShape? shape = null)
    {
        int sequences = step.Requests.Count, tokens = 0, longest = 0, most = 0, width = 1, sampled = 0;
        for (var s = 0; s < sequences; s++)
        {
            var (request, count) = (step.Requests[s].Request, step.Requests[s].NumTokens);
            tokens += count;
            most = Math.Max(most, count);
            longest = Math.Max(longest, request.NumComputedTokens + count);
            width = Math.Max(width, request.Blocks.Count);
            sampled += Rows(step.Requests[s]);
        }

        var padding = 0;
        if (shape is { } fixedShape)
        {
            padding = fixedShape.Sequences - sequences;
            longest = fixedShape.MaxSequenceLength;
            width = DecodeShape.TableWidth(longest, blockSize);
        }

        used = 0;
        int ids = Take(tokens + padding), positions = Take(tokens + padding), slots = Take(tokens + padding), rows = Take(sampled + padding);
        int starts = Take(sequences + padding + 1), lengths = Take(sequences + padding), tables = Take((sequences + padding) * width);
        int token = 0, row = 0;
        for (var s = 0; s < sequences; s++)
        {
            var scheduled = step.Requests[s];
            var (request, count) = (scheduled.Request, scheduled.NumTokens);
            var first = request.NumComputedTokens;
            request.TokensAndDrafts.Slice(first, count).CopyTo(host.AsSpan(ids + token));
            host[starts + s] = token;
            host[lengths + s] = first + count;
            for (var position = first; position < first + count; position++, token++)
            {
                host[positions + token] = position;
                host[slots + token] = (request.Blocks[position / blockSize] * blockSize) + (position % blockSize);
            }

            var table = host.AsSpan(tables + (s * width), width);
            var blocks = Math.Min(request.Blocks.Count, width);
            request.Blocks.CopyTo(0, host, tables + (s * width), blocks);
            table[blocks..].Clear();
            for (var i = Rows(scheduled); i > 0; i--)
            {
                host[rows + row++] = token - i;
            }
        }

        for (var s = sequences; s < sequences + padding; s++, token++)
        {
            host[ids + token] = host[positions + token] = host[lengths + s] = 0;
            host[slots + token] = NoSlot;
            host[starts + s] = host[rows + row++] = token;
            host.AsSpan(tables + (s * width), width).Clear();
        }

        host[starts + sequences + padding] = token;
        backend.CopyToDevice<int>(host.AsSpan(0, used), device.Rows(0, used));
        TokenIds = device.Rows(ids, token);
        AllLogitRows = device.Rows(rows, row);
        LogitRows = device.Rows(rows, sampled);
        Metadata = new AttentionMetadata(
            device.Rows(positions, token),
            device.Rows(slots, token),
            new PagedSequences(
                device.Rows(starts, sequences + padding + 1), device.Rows(lengths, sequences + padding),
                new Tensor(device.Memory, (long)tables * sizeof(int), new TensorShape(sequences + padding, width), DType.Int32))
            {
                MaxQueryLength = most, MaxSequenceLength = longest,
            });
    }

    public void Dispose() => device.Memory.Dispose();

    private static int Rows(in ScheduledRequest scheduled) => scheduled.Samples && scheduled.Request.Pooling is null ? 1 + scheduled.NumDraftTokens : 0;

    private static int Aligned(int count) => (count + Alignment - 1) / Alignment * Alignment;

    private int Take(int count)
    {
        var begin = used;
        used += Aligned(count);
        return begin;
    }
}
