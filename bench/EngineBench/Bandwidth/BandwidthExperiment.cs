using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Octavo.EngineBench.Results;

namespace Octavo.EngineBench.Bandwidth;

/// <summary>How fast the machine's memory can be read by as many threads as the engine has: the bound of decoding one stream, which reads every weight once a token.</summary>
internal static unsafe class BandwidthExperiment
{
    private const long Bytes = 1L << 30;
    private const int Passes = 4;
    private const int VectorBytes = 64;

    public static ExperimentResult Run(BenchOptions options)
    {
        var time = TimeProvider.System;
        var memory = (byte*)NativeMemory.AlignedAlloc((nuint)Bytes, 1 << 21);
        try
        {
            // Other pages than the shared one of zeros.
            new Span<byte>(memory, (int)(Bytes / 2)).Fill(1);
            new Span<byte>(memory + (Bytes / 2), (int)(Bytes / 2)).Fill(1);
            Read(memory, options.Threads);
            var rates = Enumerable.Range(0, Math.Max(3, options.Rounds)).Select(_ =>
            {
                var start = time.GetTimestamp();
                for (var pass = 0; pass < Passes; pass++)
                {
                    Read(memory, options.Threads);
                }

                return Passes * Bytes / time.GetElapsedTime(start).TotalSeconds / 1e9;
            }).ToList();
            var (median, best) = (Medians.Of(rates, rate => rate), rates.Max());
            return new ExperimentResult(
                "bandwidth", "Memory read bandwidth", [new ResultTable($"{Bytes >> 20} MiB", ["", "GB/s"], [["median", ResultWriter.Text(median, "F1")], ["best", ResultWriter.Text(best, "F1")]])],
                new Dictionary<string, double>(StringComparer.Ordinal) { ["median_gigabytes_per_second"] = median, ["gigabytes_per_second"] = best });
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    private static void Read(byte* memory, int threads)
    {
        var part = Bytes / threads / (8 * VectorBytes) * (8 * VectorBytes);
        var readers = Enumerable.Range(1, threads - 1).Select(i => new Thread(() => Sum(memory + (i * part), part))).ToArray();
        Array.ForEach(readers, reader => reader.Start());
        Sum(memory, part);
        Array.ForEach(readers, reader => reader.Join());
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sum(byte* memory, long bytes)
    {
        Vector512<long> a = default, b = default, c = default, d = default;
        for (var at = memory; at < memory + bytes; at += 8 * VectorBytes)
        {
            a += Vector512.Load((long*)at) + Vector512.Load((long*)(at + 256));
            b += Vector512.Load((long*)(at + 64)) + Vector512.Load((long*)(at + 320));
            c += Vector512.Load((long*)(at + 128)) + Vector512.Load((long*)(at + 384));
            d += Vector512.Load((long*)(at + 192)) + Vector512.Load((long*)(at + 448));
        }

        // The result is used, so that nothing is left out.
        if (Vector512.Sum(a + b + c + d) == long.MinValue)
        {
            throw new InvalidOperationException("memory holds what nobody wrote");
        }
    }
}
