using Octavo.ServingRuntime.Kernels.Cpu.Attention;
using Octavo.ServingRuntime.Kernels.Cpu.Assembly;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>Vector kernels over a team of threads. Work too small to be worth waking others stays on the calling thread; no result depends on that.</summary>
public sealed unsafe partial class CpuBackend : IKernelBackend
{
    // In multiply-adds of a matrix product, some 40,000 in a microsecond; other work is given in what takes as long.
    // Below the first a section costs more than it saves, below the second so does waking a thread; a part should take no less than the third.
    private const long ParallelThreshold = 300_000;
    private const long WakeThreshold = 2_000_000;
    private const long PartWork = 500_000;
    private const int MaxPartsPerThread = 4;
    private readonly CpuInstructionSet instructions;
    private readonly KernelSet kernels;
    private readonly ThreadTeam team;
    private readonly Action<int, int> rowsSection;
    private RowsCall rows;
    private CpuMemory? reordered;

    /// <param name="threads">Threads in all, the caller's included.</param>
    /// <param name="instructions">Null: the best that the processor has.</param>
    public CpuBackend(int threads, CpuInstructionSet? instructions = null)
        : this(threads, instructions ?? CpuInstructionSets.Best, ExecutableCode.WhyNot())
    {
    }

    /// <param name="whyNotAssembled">Why kernels cannot be assembled here; null: they can.</param>
    internal CpuBackend(int threads, CpuInstructionSet wanted, string? whyNotAssembled)
    {
        instructions = whyNotAssembled is null ? wanted : wanted.WithoutAssembly();
        Limitation = whyNotAssembled is null || wanted <= CpuInstructionSet.Vector128
            ? null
            : $"{whyNotAssembled}; products are computed by {instructions.Name()} instead of {wanted.Name()}, and slower";
        kernels = KernelSet.For(instructions);
        products = new DenseProducts(instructions, kernels, assembled: whyNotAssembled is null && instructions.IsSupported());
        team = new ThreadTeam(threads);
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

    public string Description => $"cpu, {instructions.Name()}, {team.Size} threads";

    /// <summary>What keeps the kernels from being as fast as the processor allows, for the log; null: nothing.</summary>
    public string? Limitation { get; }

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

    private static (int Begin, int End) Part(int count, int part, int parts) =>
        ((int)((long)count * part / parts), (int)((long)count * (part + 1) / parts));

    private void Run(Action<int, int> section, long work)
    {
        if (work < ParallelThreshold || team.Size == 1)
        {
            section(0, 1);
        }
        else
        {
            var perThread = (int)Math.Clamp(work / (PartWork * team.Size), 1, MaxPartsPerThread);
            team.Run(section, Math.Min(perThread * team.Size, ThreadTeam.MaxParts), work >= WakeThreshold);
        }
    }
}
