using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Octavo.EngineBench.Results;

namespace Octavo.EngineBench.Kernels;

/// <summary>What all threads together can do: read memory in a plain loop, and multiply and add in registers.</summary>
internal sealed record MachineLimits(double ReadGigabytesPerSecond, double FmaGigaflops)
{
    private const int ReadWords = 1 << 26;
    private const int FmaRounds = 2_000_000;
    private const int FmaChains = 16;

    public static MachineLimits Measure(BenchOptions options)
    {
        var memory = GC.AllocateUninitializedArray<float>(ReadWords, pinned: true);
        memory.AsSpan().Fill(1f);
        var sums = new float[options.Threads];
        var read = Rate(options, thread => sums[thread] = Read(memory, (int)((long)ReadWords * thread / options.Threads), (int)((long)ReadWords * (thread + 1) / options.Threads)));
        var fma = Rate(options, thread => sums[thread] = MultiplyAdd(FmaRounds));
        return new MachineLimits(sizeof(float) * (double)ReadWords / read / 1e9, 2.0 * FmaRounds * FmaChains * Vector<float>() * options.Threads / fma / 1e9);
    }

    public ResultTable Table() => new(
        "the machine, all threads",
        ["limit", "value"],
        [["read GB/s", ResultWriter.Text(ReadGigabytesPerSecond, "F1")], ["float32 GFLOP/s", ResultWriter.Text(FmaGigaflops, "F0")]],
        "a plain read loop over 256 MB; fused multiply-adds in registers");

    private static int Vector<T>() => Vector512.IsHardwareAccelerated ? Vector512<T>.Count : Vector256<T>.Count;

    /// <summary>Seconds of the quickest round.</summary>
    private static double Rate(BenchOptions options, Action<int> work)
    {
        var best = double.MaxValue;
        for (var round = 0; round < 2 * options.Rounds + 1; round++)
        {
            using var ready = new Barrier(options.Threads + 1);
            var threads = Enumerable.Range(0, options.Threads).Select(thread => new Thread(() =>
            {
                ready.SignalAndWait();
                work(thread);
            })).ToList();
            threads.ForEach(thread => thread.Start());
            ready.SignalAndWait();
            var begin = TimeProvider.System.GetTimestamp();
            threads.ForEach(thread => thread.Join());
            best = Math.Min(best, TimeProvider.System.GetElapsedTime(begin).TotalSeconds);
        }

        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Read(float[] memory, int begin, int end)
    {
        ref var first = ref memory[0];
        Vector512<float> a = default, b = default, c = default, d = default;
        for (var i = begin; i + 64 <= end; i += 64)
        {
            a += Vector512.LoadUnsafe(ref first, (nuint)i);
            b += Vector512.LoadUnsafe(ref first, (nuint)i + 16);
            c += Vector512.LoadUnsafe(ref first, (nuint)i + 32);
            d += Vector512.LoadUnsafe(ref first, (nuint)i + 48);
        }

        return Vector512.Sum(a + b + c + d);
    }

    private static float MultiplyAdd(int rounds) => Vector512.IsHardwareAccelerated ? MultiplyAdd512(rounds) : MultiplyAdd256(rounds);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float MultiplyAdd512(int rounds)
    {
        Vector512<float> x = Vector512.Create(0.5f), y = Vector512.Create(0.25f);
        Vector512<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x, m = x, n = x, o = x, p = x;
        for (var round = 0; round < rounds; round++)
        {
            a = Vector512.FusedMultiplyAdd(a, x, y);
            b = Vector512.FusedMultiplyAdd(b, x, y);
            c = Vector512.FusedMultiplyAdd(c, x, y);
            d = Vector512.FusedMultiplyAdd(d, x, y);
            e = Vector512.FusedMultiplyAdd(e, x, y);
            f = Vector512.FusedMultiplyAdd(f, x, y);
            g = Vector512.FusedMultiplyAdd(g, x, y);
            h = Vector512.FusedMultiplyAdd(h, x, y);
            i = Vector512.FusedMultiplyAdd(i, x, y);
            j = Vector512.FusedMultiplyAdd(j, x, y);
            k = Vector512.FusedMultiplyAdd(k, x, y);
            l = Vector512.FusedMultiplyAdd(l, x, y);
            m = Vector512.FusedMultiplyAdd(m, x, y);
            n = Vector512.FusedMultiplyAdd(n, x, y);
            o = Vector512.FusedMultiplyAdd(o, x, y);
            p = Vector512.FusedMultiplyAdd(p, x, y);
        }

        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float MultiplyAdd256(int rounds)
    {
        Vector256<float> x = Vector256.Create(0.5f), y = Vector256.Create(0.25f);
        Vector256<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x;
        for (var round = 0; round < 2 * rounds; round++)
        {
            a = Vector256.FusedMultiplyAdd(a, x, y);
            b = Vector256.FusedMultiplyAdd(b, x, y);
            c = Vector256.FusedMultiplyAdd(c, x, y);
            d = Vector256.FusedMultiplyAdd(d, x, y);
            e = Vector256.FusedMultiplyAdd(e, x, y);
            f = Vector256.FusedMultiplyAdd(f, x, y);
            g = Vector256.FusedMultiplyAdd(g, x, y);
            h = Vector256.FusedMultiplyAdd(h, x, y);
        }

        return Vector256.Sum(a + b + c + d + e + f + g + h);
    }
}
