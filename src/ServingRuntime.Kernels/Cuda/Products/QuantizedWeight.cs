using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Device;
using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.ServingRuntime.Kernels.Cuda.Products;

/// <summary>
/// Quantised matrices stacked by outputs on the device, in one layout for all kernels (fragments.cuh), with a float32 bias where they have one. One piece of memory: the table that kernels find the rest by, the
/// values, the groups' parameters, the bias, the map of inputs.
/// </summary>
internal sealed class QuantizedWeight : LinearWeight
{
    private const int Alignment = 256;

    // Host memory that values are packed in before they go to the device.
    private const int ChunkBytes = 64 << 20;
    private readonly DeviceMemory memory;

    private QuantizedWeight(QuantizedLayout layout, IReadOnlyList<QuantizedMatrix> parts, DType dtype, bool hasBias, bool halves, CudaDevice device)
        : base(parts[0].InFeatures, parts.Sum(part => part.OutFeatures))
    {
        Layout = layout;
        DType = dtype;
        Bits = parts[0].Bits;
        HasHalfParameters = halves;
        Tiles = (OutFeatures + QuantizedLayout.TileOutputs - 1) / QuantizedLayout.TileOutputs;
        long end = Alignment;
        var values = Place((long)Tiles * layout.Quads * (Bits / 4) * 512);
        var parameters = Place((long)Tiles * layout.Groups * ParameterPitch);
        var bias = hasBias ? Place((long)OutFeatures * sizeof(float)) : 0;
        var narrowBias = hasBias ? Place((long)OutFeatures * dtype.Size()) : 0;
        var map = layout.Map is null ? 0 : Place((long)layout.Positions * sizeof(int));
        memory = device.Allocate(end, CudaMemoryPurpose.Weights);
        Values = memory.Address + (nint)values;
        Parameters = memory.Address + (nint)parameters;
        Bias = hasBias ? new Tensor(memory, bias, new TensorShape(OutFeatures), DType.Float32) : null;
        NarrowBias = hasBias ? new Tensor(memory, narrowBias, new TensorShape(OutFeatures), dtype) : null;
        Map = layout.Map is null ? 0 : memory.Address + (nint)map;

        long Place(long bytes)
        {
            var at = end;
            end = checked((end + bytes + Alignment - 1) / Alignment * Alignment);
            return at;
        }
    }

    public QuantizedLayout Layout { get; }

    /// <summary>Of the activations in products: bfloat16, float16, or float32, which is computed exactly.</summary>
    public DType DType { get; }

    public int Bits { get; }

    public bool HasHalfParameters { get; }

    public int ParameterPitch => QuantizedScales.Pitch(HasHalfParameters);

    /// <summary>Of 16 outputs.</summary>
    public int Tiles { get; }

    /// <summary>Its entry of a table of weights, on the device.</summary>
    public nint Table => memory.Address;

    public nint Values { get; }

    public nint Parameters { get; }

    public Tensor? Bias { get; }

    /// <summary>The bias in <see cref="DType"/>.</summary>
    public Tensor? NarrowBias { get; }

    public nint BiasAddress => Bias is { } bias ? AddressOf(bias) : 0;

    /// <summary>Input of each position; 0 where they are the same.</summary>
    public nint Map { get; }

    public override long Bytes => memory.Bytes;

    /// <param name="team">Packs.</param>
    public static QuantizedWeight Upload(CudaDevice device, StagedCopies copies, IReadOnlyList<QuantizedMatrix> parts, ReadOnlySpan<Tensor> biases, DType dtype, ThreadTeam team)
    {
        Arguments.That(dtype is DType.Float32 or DType.BFloat16 or DType.Float16, $"products are computed in float32, bfloat16 or float16, not {dtype}");
        Arguments.That(parts.Count > 0 && (biases.Length == 0 || biases.Length == parts.Count), $"{biases.Length} biases for {parts.Count} matrices");
        foreach (var part in parts)
        {
            part.Validate();
            Arguments.That(part.StacksWith(parts[0]), $"matrices that are stacked have the same inputs, bits, groups and order");
        }

        var weight = new QuantizedWeight(new QuantizedLayout(parts[0]), parts, dtype, biases.Length > 0, QuantizedScales.FitHalves(parts, team), device);
        try
        {
            ReadOnlySpan<long> entry = [weight.Values, weight.Parameters, weight.BiasAddress, 0];
            copies.ToDevice(MemoryMarshal.AsBytes(entry), weight.Table);
            UploadValues(weight, copies, parts, team);
            copies.ToDevice(QuantizedScales.Pack(weight.Layout, parts, weight.HasHalfParameters, team), weight.Parameters);
            if (weight.Layout.Map is { } map)
            {
                copies.ToDevice(MemoryMarshal.AsBytes(map.AsSpan()), weight.Map);
            }

            var row = 0;
            for (var i = 0; i < biases.Length; i++)
            {
                Arguments.That(biases[i].Shape.Rank == 1 && biases[i].Shape[0] == parts[i].OutFeatures, $"a bias {biases[i].Shape} of a matrix with {parts[i].OutFeatures} outputs");
                HostRows.Upload(biases[i], weight.Bias!.Value.Rows(row, parts[i].OutFeatures), copies);
                HostRows.Upload(biases[i], weight.NarrowBias!.Value.Rows(row, parts[i].OutFeatures), copies);
                row += parts[i].OutFeatures;
            }

            return weight;
        }
        catch
        {
            weight.Dispose();
            throw;
        }
    }

    public override void Dispose() => memory.Dispose();

    private static void UploadValues(QuantizedWeight weight, StagedCopies copies, IReadOnlyList<QuantizedMatrix> parts, ThreadTeam team)
    {
        var values = new QuantizedValues(weight.Layout, parts);
        int quads = weight.Layout.Quads, tileBytes = values.TileBytes, most = Math.Clamp(ChunkBytes / tileBytes, 1, weight.Tiles);
        var chunk = GC.AllocateUninitializedArray<byte>(checked(most * tileBytes));
        for (var first = 0; first < weight.Tiles; first += most)
        {
            var (begin, tiles) = (first, Math.Min(most, weight.Tiles - first));
            team.Run(
                (part, all) =>
                {
                    var (from, to) = PartRanges.Split(quads, part, all);
                    values.Pack(begin, tiles, chunk, from, to);
                },
                Math.Min(quads, 4 * team.Size));
            copies.ToDevice(chunk.AsSpan(0, tiles * tileBytes), weight.Values + (nint)((long)first * tileBytes));
        }
    }

    private static unsafe nint AddressOf(in Tensor tensor) => (nint)tensor.Pointer<byte>();
}
