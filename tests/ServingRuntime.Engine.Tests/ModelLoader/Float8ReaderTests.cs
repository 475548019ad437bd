using System.Text;
using System.Text.Json;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Kernels;
using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.ServingRuntime.Engine.Tests.ModelLoader;

public sealed class Float8ReaderTests : IDisposable
{
    private const int Outputs = 130;
    private const int Inputs = 260;
    private readonly string folder = Directory.CreateTempSubdirectory("octavo-float8").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("weight_scale_inv", 2, 3)]
    [InlineData("weight_scale", 1, 1)]
    [InlineData("weight_scale", 130, 1)]
    [InlineData("weight_scale", 0, 0)]
    public void Read_EachFormOfScale_MultipliesItsBlock(string name, int rows, int columns)
    {
        var values = Enumerable.Range(0, Outputs * Inputs).Select(i => (byte)(i * 7 % 127)).ToArray();
        var scales = Enumerable.Range(0, Math.Max(1, rows * columns)).Select(i => 0.5f + i).ToArray();
        Write(name, values, rows == 0 ? [] : columns == 1 && rows == 1 ? [1] : [rows, columns], scales);

        var read = Read();

        for (var n = 0; n < Outputs; n += 43)
        {
            for (var k = 0; k < Inputs; k += 37)
            {
                var scale = rows switch { 2 => scales[(n / 128 * 3) + (k / 128)], 130 => scales[n], _ => scales[0] };
                read[(n * Inputs) + k].Should().Be(Float8.FromE4M3(values[(n * Inputs) + k]) * scale);
            }
        }
    }

    [Fact]
    public void Read_ScalesOfAnotherShape_AreRefusedByName()
    {
        Write("weight_scale", new byte[Outputs * Inputs], [5, 1], new float[5]);
        FluentActions.Invoking(Read).Should().Throw<CheckpointException>().WithMessage("*layer.weight_scale has 5 scales for 130*");
    }

    [Theory]
    [InlineData(0x00, 0f)]
    [InlineData(0x01, 0.001953125f)]
    [InlineData(0x07, 0.013671875f)]
    [InlineData(0x08, 0.015625f)]
    [InlineData(0x38, 1f)]
    [InlineData(0x7E, 448f)]
    [InlineData(0xFE, -448f)]
    [InlineData(0x7F, float.NaN)]
    public void FromE4M3_KnownValues(byte bits, float value) => Float8.FromE4M3(bits).Should().Be(value);

    [Theory]
    [InlineData(0x3C, 1f)]
    [InlineData(0x7B, 57344f)]
    [InlineData(0x7C, float.PositiveInfinity)]
    [InlineData(0x81, -1.52587890625e-05f)]
    public void FromE5M2_KnownValues(byte bits, float value) => Float8.FromE5M2(bits).Should().Be(value);

    private float[] Read()
    {
        using var backend = new CpuBackend(1);
        using var checkpoint = Checkpoint.Open(folder);
        var loader = new WeightLoader(checkpoint, backend, DType.Float32);
        var values = Float8Reader.Read(loader, "layer", Inputs, Outputs);
        loader.CheckAllUsed();
        return values;
    }

    private void Write(string name, byte[] values, int[] shape, float[] scales)
    {
        var bytes = scales.SelectMany(BitConverter.GetBytes).ToArray();
        var header = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["layer.weight"] = new { dtype = "F8_E4M3", shape = new[] { Outputs, Inputs }, data_offsets = new[] { 0, values.Length } },
            ["layer." + name] = new { dtype = "F32", shape, data_offsets = new[] { values.Length, values.Length + bytes.Length } },
        };
        var text = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(header));
        File.WriteAllBytes(Path.Combine(folder, "model.safetensors"), [.. BitConverter.GetBytes((ulong)text.Length), .. text, .. values, .. bytes]);
    }
}
