using Octavo.ServingRuntime.Kernels.Cpu.Attention;
using Octavo.ServingRuntime.Kernels.Cpu.Assembly;
using Octavo.ServingRuntime.Kernels.Cpu.Topology;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>Vector kernels over a team of threads. Work too small to be worth waking others stays on the calling thread; no result depends on that.</summary>
public sealed unsafe partial class CpuBackend : IKernelBackend
{
    // In multiply-adds of a matrix product, some 40,000 in a microsecond; other work is given in what takes as long.
    // Below the first a section costs more than it saves, below the second so does waking a thread; below the third so does one more thread that is awake.
    private const long ParallelThreshold = 300_000;
    private const long WakeThreshold = 2_000_000;
    private const long ThreadWork = 150_000;

    // A thread's share is cut into parts, so that others can take what it does not come to: few of them at 12 µs each,
    // and many where they still take 200 µs, since a neighbour on the machine may hold a core for milliseconds.
    private const long PartWork = 500_000;
    private const long LongPartWork = 8_000_000;
    private const int PartsPerThread = 4;
    private const int LongPartsPerThread = 16;
    private readonly CpuInstructionSet instructions;
    private readonly KernelSet kernels;
    private readonly ThreadPlacement? placement;
    private readonly ThreadTeam team;
    private readonly Action<int, int> rowsSection;
    private RowsCall rows;
    private CpuMemory? reordered;

    /// <param name="threads">Threads in all, the caller's included.</param>
    /// <param name="instructions">Null: the best that the processor has.</param>
    /// <param name="topology">The processors that they are to run on; null: those that the process may use.</param>
    public CpuBackend(int threads, CpuInstructionSet? instructions = null, CpuTopology? topology = null)
        : this(threads, instructions ?? CpuInstructionSets.Best, ExecutableCode.WhyNot(), topology)
    {
    }

    /// <param name="whyNotAssembled">Why kernels cannot be assembled here; null: they can.</param>
    internal CpuBackend(int threads, CpuInstructionSet wanted, string? whyNotAssembled, CpuTopology? topology = null)
    {
        instructions = whyNotAssembled is null ? wanted : wanted.WithoutAssembly();
        Limitation = whyNotAssembled is null || wanted <= CpuInstructionSet.Vector128
            ? null
            : $"{whyNotAssembled}; products are computed by {instructions.Name()} instead of {wanted.Name()}, and slower";
        kernels = KernelSet.For(instructions);
        products = new DenseProducts(instructions, kernels, assembled: whyNotAssembled is null && instructions.IsSupported());
        placement = ThreadPlacement.Of(topology ?? CpuTopology.OfProcess(), threads);
        team = new ThreadTeam(threads, placement);
        quantizedKernels = QuantizedKernels.For(instructions);
        quantizedSection = RunQuantized;
        roundingSection = RunRounding;
        roundSection = RunRound;
        denseSection = RunDense;
        gatedSection = RunGated;
        attentionSection = RunAttention;
        combineSection = CombineAttention;
        storeSection = StoreKeyValues;
        tileAttention = this.instructions.HasTiles() ? new TileAttention() : null;
        argMaxSection = RunArgMax;
        rowsSection = RunRows;
    }

    public Device Device => Device.Cpu;

    public string Description => $"cpu, {instructions.Name()}, {team.Size} threads{(placement is null ? "" : $" on {placement.Nodes} memory nodes")}";

    /// <summary>What keeps the kernels from being as fast as the processor allows, for the log; null: nothing.</summary>
    public string? Limitation { get; }

    public DeviceMemoryUse? MemoryUse => null;

    public void CheckDevice()
    {
    }

    public Tensor CreateTable(in Tensor host) => host;

    public LinearWeight? LinearOfTable(in Tensor table, DType dtype) => null;

    public Tensor Allocate(TensorShape shape, DType dtype) => new(new CpuMemory(checked(shape.ElementCount * dtype.Size())), 0, shape, dtype);

    public void CopyToDevice<T>(ReadOnlySpan<T> source, in Tensor destination) where T : unmanaged => source.CopyTo(destination.AsSpan<T>());

    public void CopyToHost<T>(in Tensor source, Span<T> destination) where T : unmanaged => source.AsSpan<T>().CopyTo(destination);

    public void Dispose()
    {
        team.Dispose();
        quantizedKernels.Dispose();
        quantizedRows.Dispose();
        products.Dispose();
        rounded.Dispose();
        reordered?.Dispose();
        wideMemory?.Dispose();
        tileAttention?.Dispose();
        attentionMemory?.Dispose();
        partialMemory?.Dispose();
    }

    /// <summary>
    /// Parts for so much work. From one for each thread on a multiple of their number, so that of what is divided evenly, panels of a weight above all,
    /// a thread's own parts are the same whatever the work: what it has packed is what it multiplies with.
    /// </summary>
    private static int PartsFor(long work, int threads)
    {
        if (work < threads * ThreadWork)
        {
            return (int)Math.Clamp(work / ThreadWork, Math.Min(2, threads), threads);
        }

        var each = Math.Max(Math.Clamp(work / (PartWork * threads), 1, PartsPerThread), Math.Min(work / (LongPartWork * threads), LongPartsPerThread));
        return threads * (int)Math.Clamp(each, 1, Math.Max(1, ThreadTeam.MaxParts / threads));
    }

    private void Run(Action<int, int> section, long work)
    {
        if (work < ParallelThreshold || team.Size == 1)
        {
            section(0, 1);
        }
        else
        {
            team.Run(section, PartsFor(work, team.Size), work >= WakeThreshold);
        }
    }

    /// <summary>Where a part is a thread that takes pieces of the work until none is left.</summary>
    private void RunThreads(Action<int, int> section, long work)
    {
        if (work < ParallelThreshold || team.Size == 1)
        {
            section(0, 1);
        }
        else
        {
            team.Run(section, Math.Min(PartsFor(work, team.Size), team.Size), work >= WakeThreshold);
        }
    }
}
