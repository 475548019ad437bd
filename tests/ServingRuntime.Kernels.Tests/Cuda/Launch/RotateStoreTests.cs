namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Launch;

[Collection(CudaCollection.Name)]
public sealed class RotateStoreTests(CudaLibraries libraries)
{
    [SkippableTheory]
    [InlineData(DType.Float32)]
    [InlineData(DType.BFloat16)]
    [InlineData(DType.Float16)]
    public void RotateAndStore_EveryCache_WhatTheCpusOperationsGive(DType dtype)
    {
        using var bed = CudaTestBed.Open(libraries);
        for (var seed = 1; seed <= 12; seed++)
        {
            foreach (var cache in (DType[])[DType.Float32, DType.BFloat16, DType.Float16, DType.Int8, DType.Float8E4M3])
            {
                using var comparison = new RotateStoreComparison(bed, seed);
                comparison.Compare(dtype, cache);
            }
        }
    }

    [SkippableFact]
    public void RotateAndStore_PositionOutsideOfTheTable_NaNInItsHeadsAlone()
    {
        using var bed = CudaTestBed.Open(libraries);
        using var random = new RandomTensors(1);
        Tensor projected = bed.Upload(random.Floats(2, 3 * 16)), table = bed.Upload(random.Floats(4, 8));
        using var blocks = new KeyValueBlocks(bed.Empty(new TensorShape(1, 256)), bed.Empty(new TensorShape(1, 256)), null, DType.Float32, 1, 1, 16, 16);
        bed.Launcher.RotateAndStore(projected, null, bed.Upload(random.Ints(4, 3)), new RotaryTable(table, false), blocks, bed.Upload(random.Ints(0, 1)));
        var queries = bed.Read(projected.Columns(0, 16));
        var keys = bed.Read(new Tensor(blocks.Keys.Memory, 0, new TensorShape(2, 16), DType.Float32));
        foreach (var read in (float[][])[queries, keys])
        {
            read.Select(float.IsNaN).Should().Equal(Enumerable.Range(0, 32).Select(i => i < 8));
        }
    }

    /// <summary>So that what multiplies values by zero gets zero: cache.cuh.</summary>
    [SkippableTheory]
    [InlineData(DType.Float32, float.NaN)]
    [InlineData(DType.Float16, 65520f)]
    [InlineData(DType.Float8E4M3, float.PositiveInfinity)]
    public void RotateAndStore_ValuesThatAreNotFinite_KeysAreNaNInstead(DType cache, float value)
    {
        using var bed = CudaTestBed.Open(libraries);
        using var random = new RandomTensors(1);
        Tensor host = random.Floats(2, 3 * 16), table = bed.Upload(random.Floats(4, 8));
        host.Row<float>(1)[35] = value;
        using var blocks = new KeyValueBlocks(
            bed.Empty(new TensorShape(1, 256), cache), bed.Empty(new TensorShape(1, 256), cache), cache.Size() == 1 ? bed.Empty(new TensorShape(1, 32)) : null, cache, 1, 1, 16, 16);
        bed.Launcher.RotateAndStore(bed.Upload(host), null, bed.Upload(random.Ints(0, 1)), new RotaryTable(table, false), blocks, bed.Upload(random.Ints(0, 1)));
        var read = (blocks.Scales is { } scales
            ? bed.Read(new Tensor(scales.Memory, 0, new TensorShape(32), DType.Float32)).Chunk(16).SelectMany(part => part[..2])
            : new[] { blocks.Keys, blocks.Values }.SelectMany(part => bed.Read(new Tensor(part.Memory, 0, new TensorShape(2, 16), cache)).Chunk(16).Select(row => row.Sum()))).ToArray();
        read.Select(float.IsNaN).Should().Equal([false, true, false, false], "keys and values of two tokens, in turn");
        read[2].Should().NotBe(0);
        read[3].Should().Be(0);
    }

    [SkippableFact]
    public void RotateAndStore_WrongArguments_AreRefusedBeforeTheDevice()
    {
        using var bed = CudaTestBed.Open(libraries);
        Tensor projected = bed.Empty(new TensorShape(2, 48)), table = bed.Empty(new TensorShape(4, 16)), two = bed.Empty(new TensorShape(2), DType.Int32), one = bed.Empty(new TensorShape(1), DType.Int32);
        using var blocks = new KeyValueBlocks(bed.Empty(new TensorShape(1, 256)), bed.Empty(new TensorShape(1, 256)), null, DType.Float32, 1, 1, 16, 16);
        var wrong = new Action[]
        {
            () => bed.Launcher.RotateAndStore(projected.Columns(0, 32), null, two, new RotaryTable(table, false), blocks, two),
            () => bed.Launcher.RotateAndStore(projected.Columns(0, 40), null, two, new RotaryTable(table, false), blocks, two),
            () => bed.Launcher.RotateAndStore(projected, null, one, new RotaryTable(table, false), blocks, two),
            () => bed.Launcher.RotateAndStore(projected, null, two, new RotaryTable(table, false), blocks, one),
            () => bed.Launcher.RotateAndStore(projected, null, two, new RotaryTable(bed.Empty(new TensorShape(4, 18)), false), blocks, two),
            () => bed.Launcher.RotateAndStore(projected, new HeadNorms(bed.Empty(new TensorShape(16)), bed.Empty(new TensorShape(15)), 1e-6f), two, new RotaryTable(table, false), blocks, two),
        };
        foreach (var launch in wrong)
        {
            launch.Should().Throw<ArgumentException>();
        }
    }
}
