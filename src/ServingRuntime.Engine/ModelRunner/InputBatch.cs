using Octavo.ServingRuntime.Engine.Scheduling;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.ModelRunner;

/// <summary>One step's inputs, laid out on the host and copied to the backend's memory, both allocated once.</summary>
internal sealed class InputBatch : IDisposable
{
    private readonly IKernelBackend backend;
    private readonly int blockSize;
    private readonly Column tokenIds;
    private readonly Column positions;
    private readonly Column slots;
    private readonly Column queryStarts;
    private readonly Column sequenceLengths;
    private readonly Column logitRows;
    private readonly Column blockTables;

    public InputBatch(IKernelBackend backend, int maxTokens, int maxSequences, int maxBlocksPerSequence, int blockSize)
    {
        this.backend = backend;
        this.blockSize = blockSize;
        tokenIds = new Column(backend, maxTokens);
        positions = new Column(backend, maxTokens);
        slots = new Column(backend, maxTokens);
        queryStarts = new Column(backend, maxSequences + 1);
        sequenceLengths = new Column(backend, maxSequences);
        logitRows = new Column(backend, maxTokens);
        blockTables = new Column(backend, checked(maxSequences * maxBlocksPerSequence));
    }

    /// <summary>int32 [T].</summary>
    public Tensor TokenIds { get; private set; }

    /// <summary>int32 [R]: rows that tokens are sampled from, for each request in turn that samples those of its last real token and of its drafts; R may be 0.</summary>
    public Tensor LogitRows { get; private set; }

    public AttentionMetadata Metadata { get; private set; }

    public void Fill(SchedulerOutput step)
    {
        var width = 1;
        for (var s = 0; s < step.Requests.Count; s++)
        {
            width = Math.Max(width, step.Requests[s].Request.Blocks.Count);
        }

        int token = 0, sampled = 0;
        for (var s = 0; s < step.Requests.Count; s++)
        {
            var scheduled = step.Requests[s];
            var (request, count) = (scheduled.Request, scheduled.NumTokens);
            var first = request.NumComputedTokens;
            request.TokensAndDrafts.Slice(first, count).CopyTo(tokenIds.Host.AsSpan(token));
            queryStarts.Host[s] = token;
            sequenceLengths.Host[s] = first + count;
            for (var position = first; position < first + count; position++, token++)
            {
                positions.Host[token] = position;
                slots.Host[token] = (request.Blocks[position / blockSize] * blockSize) + (position % blockSize);
            }

            request.Blocks.CopyTo(blockTables.Host, s * width);
            if (scheduled.Samples && request.Pooling is null)
            {
                for (var row = token - 1 - scheduled.NumDraftTokens; row < token; row++)
                {
                    logitRows.Host[sampled++] = row;
                }
            }
        }

        var sequences = step.Requests.Count;
        queryStarts.Host[sequences] = token;
        TokenIds = tokenIds.Copy(backend, token);
        LogitRows = logitRows.Copy(backend, sampled);
        var tables = blockTables.Copy(backend, sequences * width);
        Metadata = new AttentionMetadata(
            positions.Copy(backend, token),
            slots.Copy(backend, token),
            new PagedSequences(
                queryStarts.Copy(backend, sequences + 1), sequenceLengths.Copy(backend, sequences),
                new Tensor(tables.Memory, 0, new TensorShape(sequences, width), DType.Int32)));
    }

    public void Dispose()
    {
        foreach (var column in (ReadOnlySpan<Column>)[tokenIds, positions, slots, queryStarts, sequenceLengths, logitRows, blockTables])
        {
            column.Device.Memory.Dispose();
        }
    }

    private sealed class Column(IKernelBackend backend, int capacity)
    {
        public int[] Host { get; } = new int[capacity];

        public Tensor Device { get; } = backend.Allocate(new TensorShape(capacity), DType.Int32);

        public Tensor Copy(IKernelBackend target, int count)
        {
            var part = Device.Rows(0, count);
            target.CopyToDevice<int>(Host.AsSpan(0, count), part);
            return part;
        }
    }
}
