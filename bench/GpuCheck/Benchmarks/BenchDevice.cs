using Microsoft.Extensions.Logging;
using Octavo.ServingRuntime.Kernels;
using Octavo.ServingRuntime.Kernels.Cuda;
using Octavo.ServingRuntime.Kernels.Cuda.Device;
using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.GpuCheck.Benchmarks;

/// <summary>An opened device, memory with random content, and a clock that the device itself reads.</summary>
internal sealed class BenchDevice : IDisposable
{
    private const int Rounds = 9;
    private const int PieceElements = 1 << 20;

    // Enough that a graph's launch does not count, few enough that its making is no wait.
    private const int MostRecorded = 500;
    private readonly List<TensorMemory> made = [];
    private readonly CudaEvent begin;
    private readonly CudaEvent end;
    private readonly double roundMilliseconds;
    private readonly bool isTiny;

    /// <param name="roundMilliseconds">A case is repeated for so long in each of its rounds.</param>
    /// <param name="isTiny">Sizes at which nothing is measured, to see the program through over the tests' driver.</param>
    public BenchDevice(ILogger logger, double roundMilliseconds, bool isTiny)
    {
        this.isTiny = isTiny;
        Backend = CudaBackend.Open(new CudaBackendOptions(), Environment.GetEnvironmentVariable, logger);
        this.roundMilliseconds = roundMilliseconds;
        begin = Backend.Opened.CreateEvent(timing: true);
        end = Backend.Opened.CreateEvent(timing: true);
    }

    public CudaBackend Backend { get; }

    /// <summary>A size, or what it is where nothing is to be measured.</summary>
    public int Size(int full, int tiny) => isTiny ? Math.Min(full, tiny) : full;

    /// <summary>
    /// Median time of one call's work on the device, in microseconds. Calls follow each other on one stream; they are recorded and launched as graphs, since a device is done with a small kernel before the host
    /// has launched the next. What cannot be recorded is enqueued each time.
    /// </summary>
    public double Microseconds(Action<int> enqueue)
    {
        var once = Time(enqueue, isTiny ? 1 : 3) / 3;
        var wanted = isTiny ? 1 : Math.Clamp((int)(roundMilliseconds * 1000 / Math.Max(once, 1)), 3, 5000);
        var recorded = Math.Min(wanted, MostRecorded);
        using var graph = Record(enqueue, recorded);
        return graph is null ? Median(enqueue, wanted) : Median(_ => graph.Launch(Backend.Stream), Math.Max(1, wanted / recorded)) / recorded;
    }

    /// <summary>The same where the host takes part: enqueued each time.</summary>
    public double EagerMicroseconds(Action<int> enqueue)
    {
        var once = Time(enqueue, isTiny ? 1 : 3) / 3;
        return Median(enqueue, isTiny ? 1 : Math.Clamp((int)(roundMilliseconds * 1000 / Math.Max(once, 1)), 3, 5000));
    }

    /// <summary>Values between -1 and 1; a large tensor repeats them.</summary>
    public Tensor Random(TensorShape shape, DType dtype, int seed = 1)
    {
        var tensor = Empty(shape, dtype);
        var random = new Random(seed);
        var piece = (int)Math.Min(shape.ElementCount, PieceElements);
        var first = new Tensor(tensor.Memory, 0, new TensorShape(piece), dtype);
        var values = new float[piece];
        for (var i = 0; i < piece; i++)
        {
            values[i] = (float)((random.NextDouble() * 2) - 1);
        }

        switch (dtype)
        {
            case DType.Float32:
                Backend.CopyToDevice<float>(values, first);
                break;
            case DType.BFloat16:
                Backend.CopyToDevice<ushort>(Array.ConvertAll(values, value => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16)), first);
                break;
            case DType.Float16:
                Backend.CopyToDevice<Half>(Array.ConvertAll(values, value => (Half)value), first);
                break;
            default:
                throw new ArgumentException($"no random {dtype}", nameof(dtype));
        }

        long size = (long)piece * dtype.Size();
        for (var done = size; done < tensor.Memory.Bytes; done += size)
        {
            Backend.Stream.CopyOnDevice(tensor.Memory.Address + (nint)done, tensor.Memory.Address, Math.Min(size, tensor.Memory.Bytes - done));
        }

        return tensor;
    }

    public Tensor Ints(params ReadOnlySpan<int> values)
    {
        var tensor = Empty(new TensorShape(values.Length), DType.Int32);
        Backend.CopyToDevice(values, tensor);
        return tensor;
    }

    public Tensor Empty(TensorShape shape, DType dtype)
    {
        var tensor = Backend.Allocate(shape, dtype);
        made.Add(tensor.Memory);
        return tensor;
    }

    /// <summary>Gives back what has been made since the last call.</summary>
    public void Release()
    {
        made.ForEach(memory => memory.Dispose());
        made.Clear();
    }

    public void Dispose()
    {
        Release();
        begin.Dispose();
        end.Dispose();
        Backend.Dispose();
    }

    private double Median(Action<int> enqueue, int times)
    {
        var rounds = new double[isTiny ? 1 : Rounds];
        for (var round = 0; round < rounds.Length; round++)
        {
            rounds[round] = Time(enqueue, times) / times;
        }

        Array.Sort(rounds);
        return rounds[rounds.Length / 2];
    }

    /// <returns>Null: it cannot be recorded.</returns>
    private CudaGraph? Record(Action<int> enqueue, int times)
    {
        Backend.Stream.BeginCapture();
        try
        {
            for (var i = 0; i < times; i++)
            {
                enqueue(i);
            }
        }
        catch (CudaException exception) when (CudaErrors.IsOfCapture(exception.Code))
        {
            Backend.Stream.AbandonCapture();
            return null;
        }

        try
        {
            return Backend.Stream.EndCapture();
        }
        catch (CudaException exception) when (CudaErrors.IsOfCapture(exception.Code))
        {
            return null;
        }
    }

    private double Time(Action<int> enqueue, int times)
    {
        begin.Record(Backend.Stream);
        for (var i = 0; i < times; i++)
        {
            enqueue(i);
        }

        end.Record(Backend.Stream);
        end.Synchronize();
        return end.Since(begin).TotalMicroseconds;
    }
}
