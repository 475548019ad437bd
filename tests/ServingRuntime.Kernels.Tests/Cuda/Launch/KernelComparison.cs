using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Launch;

/// <summary>One way through all kernels with random shapes, each compared with the CPU's backend. Kept apart from the tests, since mutants of the kernels go through it, too.</summary>
internal sealed class KernelComparison(CudaTestBed bed, int seed) : IDisposable
{
    private readonly CpuBackend cpu = new(1);
    private readonly RandomTensors random = new(seed);

    public void Dispose()
    {
        random.Dispose();
        cpu.Dispose();
    }

    public void RmsNorm(DType dtype)
    {
        int rows = random.Next(1, 5), width = random.Pick(1, 7, 64, 260, 512, 1026, 2048, 4099, 5120);
        var strided = random.Next(0, 1) == 1;
        var (x, onDevice) = Pair(rows, width, random.Pick(dtype, DType.Float32), strided);
        var weight = random.Vector(width);
        var expected = random.Empty(x.Shape);
        var output = onDevice.DType == dtype && random.Next(0, 1) == 1 ? onDevice : bed.Empty(x.Shape, dtype);
        cpu.RmsNorm(x, weight, 1e-5f, expected);
        bed.Launcher.RmsNorm(onDevice, bed.Upload(weight), 1e-5f, output);
        Close(output, expected, $"norm of {x.Shape} strided {strided}");

        // The sum is float32 whatever is added to it.
        (x, onDevice) = Pair(rows, width, dtype, strided);
        var (residual, residualOnDevice) = Pair(rows, width, DType.Float32, strided);
        cpu.AddRmsNorm(x, residual, weight, 1e-6f, expected);
        bed.Launcher.AddRmsNorm(onDevice, residualOnDevice, bed.Upload(weight), 1e-6f, onDevice);
        Close(onDevice, expected, $"norm of the sum of {x.Shape} strided {strided}");
        Close(residualOnDevice, residual, "the sum", 0);
    }

    public void HeadRmsNorm(DType dtype)
    {
        int rows = random.Next(1, 6), heads = random.Next(1, 5), size = random.Pick(16, 64, 80, 128, 256);
        var (x, onDevice) = Pair(rows, heads * size, dtype, random.Next(0, 1) == 1);
        var weight = random.Vector(size);
        cpu.HeadRmsNorm(x, size, weight, 1e-6f);
        bed.Launcher.HeadRmsNorm(onDevice, size, bed.Upload(weight), 1e-6f);
        Close(onDevice, x, $"{rows} rows of {heads} heads of {size}");
    }

    public void RotaryEmbedding(DType dtype)
    {
        int rows = random.Next(1, 5), heads = random.Next(1, 5), size = random.Pick(16, 64, 96, 128), rotary = random.Pick(size, size / 2), positions = 40;
        var interleaved = random.Next(0, 1) == 1;
        var (x, onDevice) = Pair(rows, heads * size, dtype, random.Next(0, 1) == 1);
        var table = random.Floats(positions, rotary);
        var places = random.Ints([.. Enumerable.Range(0, rows).Select(_ => random.Next(0, positions - 1))]);
        cpu.RotaryEmbedding(x, size, places, table, interleaved);
        bed.Launcher.RotaryEmbedding(onDevice, size, bed.Upload(places), bed.Upload(table), interleaved);
        Close(onDevice, x, $"{rows} rows of {heads} heads of {size}, {rotary} rotated, interleaved {interleaved}");
    }

    public void ActivationMul(DType dtype, GatedActivation activation)
    {
        int rows = random.Next(1, 4), width = random.Pick(1, 33, 256, 1028, 1536);
        var strided = random.Next(0, 1) == 1;
        var gateUp = random.Floats(rows, 2 * width, 12);
        var onDevice = bed.Upload(RandomTensors.Rounded(gateUp, dtype), dtype, strided);
        var expected = random.Empty(new TensorShape(rows, width));
        var output = bed.Empty(expected.Shape, dtype);
        cpu.ActivationMul(activation, gateUp, expected);
        bed.Launcher.ActivationMul(activation, onDevice, output);
        Close(output, expected, $"{activation} of {gateUp.Shape}");
    }

    public void Elementwise(DType dtype)
    {
        int rows = random.Next(1, 4), width = random.Pick(1, 31, 256, 700);
        var (x, onDevice) = Pair(rows, width, dtype, random.Next(0, 1) == 1);
        cpu.Scale(x, 3.5f);
        bed.Launcher.Scale(onDevice, 3.5f);
        Close(onDevice, x, "scaled");
        onDevice = bed.Upload(x, dtype);
        RandomTensors.Rounded(x, dtype);
        cpu.SoftCap(x, 2.5f);
        bed.Launcher.SoftCap(onDevice, 2.5f);
        Close(onDevice, x, "capped");
        var wide = random.Floats(rows, width, 3);
        Tensor narrow = bed.Empty(wide.Shape, dtype), widened = bed.Empty(wide.Shape), copy = bed.Empty(wide.Shape, dtype);
        bed.Launcher.Copy(bed.Upload(wide, strided: true), narrow);
        bed.Launcher.Copy(narrow, widened);
        bed.Launcher.Copy(narrow, copy);
        RandomTensors.Rounded(wide, dtype);
        Close(narrow, wide, "rounded", 0);
        Close(widened, wide, "widened", 0);
        Close(copy, wide, "copied", 0);
        bed.Launcher.Fill(onDevice, -0.25f);
        bed.Read(onDevice).Should().AllBeEquivalentTo(-0.25f);
    }

    public void Embedding(DType table)
    {
        int rows = random.Next(1, 6), width = random.Pick(1, 40, 256, 300), vocabulary = 50;
        var weights = random.Of(random.Values(vocabulary * width), new TensorShape(vocabulary, width), table);
        var ids = random.Ints([.. Enumerable.Range(0, rows).Select(_ => random.Next(0, vocabulary - 1))]);
        var expected = random.Empty(new TensorShape(rows, width));
        var output = bed.Empty(expected.Shape);
        cpu.Embedding(weights, ids, expected);
        bed.Launcher.Embedding(bed.Upload(weights), bed.Upload(ids), output);
        Close(output, expected, $"embedding from {table}", 0);
    }

    public void GatherAndScatter(DType dtype)
    {
        int rows = random.Next(1, 7), width = random.Pick(1, 40, 300), picked = random.Pick(1, 9, 300, 520);
        var (x, onDevice) = Pair(rows, width, dtype, random.Next(0, 1) == 1);
        var indexes = random.Ints([.. Enumerable.Range(0, picked).Select(_ => random.Next(0, rows - 1))]);
        var expected = random.Empty(new TensorShape(picked, width));
        var output = bed.Empty(expected.Shape, dtype);
        cpu.GatherRows(x, indexes, expected);
        bed.Launcher.GatherRows(onDevice, bed.Upload(indexes), output);
        Close(output, expected, "gathered", 0);

        var weights = random.Vector(picked);
        var (sums, sumsOnDevice) = Pair(rows, width, DType.Float32, random.Next(0, 1) == 1);
        cpu.ScatterAddRows(expected, indexes, weights, sums);
        bed.Launcher.ScatterAddRows(output, bed.Upload(indexes), bed.Upload(weights), sumsOnDevice);
        Close(sumsOnDevice, sums, $"{picked} rows added to {rows}", 4);
    }

    /// <summary>Blocks of two parts through staging memory into other blocks.</summary>
    public void Swap()
    {
        const int blocks = 5, moved = 3;
        long[] sizes = [16L * random.Next(1, 90), 48];
        var parts = sizes.Select(size => (Tensor: bed.Empty(new TensorShape((int)size * blocks), DType.Int8), Host: new byte[size * blocks])).ToList();
        foreach (var (tensor, host) in parts)
        {
            new Random(seed).NextBytes(host);
            bed.Write(host, tensor);
        }

        int[] from = random.Permutation(blocks)[..moved], to = random.Permutation(blocks)[..moved];
        long[] table = [parts[0].Tensor.Memory.Address, parts[1].Tensor.Memory.Address, sizes[0], sizes[1], 0, sizes[0]];
        var onDevice = bed.Empty(new TensorShape(2 * table.Length), DType.Int32);
        bed.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(table.AsSpan()), onDevice);
        var staging = bed.Empty(new TensorShape((int)(moved * sizes.Sum())), DType.Int8);
        bed.Launcher.SwapBlocks(onDevice.Memory.Address, 2, bed.Upload(random.Ints(from)), staging.Memory.Address, sizes.Sum(), toDevice: false);
        bed.Launcher.SwapBlocks(onDevice.Memory.Address, 2, bed.Upload(random.Ints(to)), staging.Memory.Address, sizes.Sum(), toDevice: true);
        for (var part = 0; part < 2; part++)
        {
            var size = (int)sizes[part];
            var expected = parts[part].Host.ToArray();
            for (var i = 0; i < moved; i++)
            {
                parts[part].Host.AsSpan(from[i] * size, size).CopyTo(expected.AsSpan(to[i] * size));
            }

            bed.ReadBytes(parts[part].Tensor).AsSpan().SequenceEqual(expected).Should().BeTrue($"part {part}, blocks {string.Join(' ', from)} to {string.Join(' ', to)}");
        }
    }

    public void Vocabulary()
    {
        int rows = random.Next(1, 4), width = random.Pick(1, 100, 3000, 9000);
        var logits = random.Floats(rows, width, 20);
        logits.AsSpan<float>()[random.Next(0, width - 1)] = 30;
        logits.AsSpan<float>()[random.Next(0, width - 1)] = 30;
        var onDevice = bed.Upload(logits, strided: random.Next(0, 1) == 1);
        var expected = random.Ints(new int[rows]);
        cpu.ArgMax(logits, expected);
        var tokens = bed.Empty(new TensorShape(rows), DType.Int32);
        bed.Launcher.ArgMax(onDevice, tokens, bed.Empty(new TensorShape(2 * (int)Octavo.ServingRuntime.Kernels.Cuda.Launch.KernelLauncher.ArgMaxCandidates(rows, width))).Memory);
        bed.ReadInts(tokens).Should().Equal(expected.AsSpan<int>().ToArray(), $"of {logits.Shape}");

        var logs = random.Empty(logits.Shape);
        cpu.LogSoftmax(logits, logs);
        bed.Launcher.LogSoftmax(onDevice, onDevice);
        Close(onDevice, logs, $"log-softmax of {logits.Shape}", 2);
    }

    public void TopExperts()
    {
        int rows = random.Next(1, 9), experts = random.Pick(4, 8, 60, 256), k = random.Next(1, 4);
        var renormalize = random.Next(0, 1) == 1;
        var logits = random.Floats(rows, experts, 4);
        logits.AsSpan<float>()[experts - 1] = logits.AsSpan<float>()[0] = 5; // equals: the lower one first
        Tensor chosen = random.Ints(new int[rows * k]), weights = random.Vector(rows * k);
        cpu.TopExperts(logits, k, renormalize, chosen, weights);
        Tensor chosenOnDevice = bed.Empty(chosen.Shape, DType.Int32), weightsOnDevice = bed.Empty(weights.Shape);
        bed.Launcher.TopExperts(bed.Upload(logits, strided: random.Next(0, 1) == 1), k, renormalize, chosenOnDevice, weightsOnDevice);
        bed.ReadInts(chosenOnDevice).Should().Equal(chosen.AsSpan<int>().ToArray(), $"{k} of {logits.Shape}");
        var actual = bed.ReadInts(weightsOnDevice).Select(BitConverter.Int32BitsToSingle).ToArray();
        for (var i = 0; i < actual.Length; i++)
        {
            actual[i].Should().BeApproximately(weights.AsSpan<float>()[i], 2e-6f);
        }
    }

    /// <summary>A host matrix, rounded to the type, and the same on the device.</summary>
    private (Tensor Host, Tensor OnDevice) Pair(int rows, int width, DType dtype, bool strided)
    {
        var host = RandomTensors.Rounded(random.Floats(rows, width, 3), dtype);
        return (host, bed.Upload(host, dtype, strided));
    }

    /// <param name="ulps">How far apart they may be, in what one rounding of the type (or an approximate function of float32) makes; 0: not at all.</param>
    private void Close(Tensor onDevice, Tensor expected, string because, int ulps = 1)
    {
        var actual = bed.Read(onDevice);
        var values = expected.AsSpan<float>();
        var tolerance = ulps * onDevice.DType switch { DType.Float32 => 3e-6f, DType.BFloat16 => 1f / 128, _ => 1f / 1024 };
        for (var i = 0; i < actual.Length; i++)
        {
            if (!(Math.Abs(actual[i] - values[i]) <= tolerance * Math.Max(1f, Math.Abs(values[i]))))
            {
                actual[i].Should().BeApproximately(values[i], tolerance, $"element {i} of {expected.Shape}: {because} ({onDevice.DType}, seed {seed})");
            }
        }
    }
}
