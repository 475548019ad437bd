using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Device;

namespace Octavo.ServingRuntime.Kernels.Cuda.Collectives;

/// <summary>
/// One device's place among several that compute together. Operations are enqueued on the device's stream and take effect when every rank has enqueued the same one, in the same order;
/// they may be captured into a graph. For one thread. After <see cref="Abort"/> nothing may be enqueued.
/// </summary>
internal sealed unsafe class NcclCommunicator : SafeHandle
{
    private const int Sum = 0, InProgress = 7;
    private readonly NcclApi api;
    private readonly CudaStream stream;

    /// <summary>Joins; returns when all ranks have.</summary>
    /// <param name="stream">Of this rank's device.</param>
    /// <param name="id">The same for all ranks, from <see cref="NewId"/>.</param>
    /// <exception cref="NcclException">The others cannot be reached, or this device is in the communicator twice.</exception>
    public NcclCommunicator(NcclApi api, CudaStream stream, NcclUniqueId id, int rank, int ranks) : base(0, ownsHandle: true)
    {
        Arguments.That(ranks > 0 && rank >= 0 && rank < ranks, $"rank {rank} of {ranks}");
        this.api = api;
        this.stream = stream;
        (Rank, Ranks) = (rank, ranks);
        stream.Context.MakeCurrent();
        nint made;
        Check(api.CommInitRank(&made, ranks, id, rank), $"joining as rank {rank} of {ranks}", "ncclCommInitRank");
        SetHandle(made);
    }

    public int Rank { get; }

    public int Ranks { get; }

    public override bool IsInvalid => handle == 0;

    /// <summary>NCCL's, such as 2.29.7.</summary>
    public static string Version(NcclApi api)
    {
        int number;
        Check(api, 0, api.GetVersion(&number), "asking for the version", "ncclGetVersion");
        return $"{number / 10000}.{number / 100 % 100}.{number % 100}";
    }

    public static NcclUniqueId NewId(NcclApi api)
    {
        NcclUniqueId id;
        Check(api, 0, api.GetUniqueId(&id), "making a communicator's id", "ncclGetUniqueId");
        return id;
    }

    /// <summary>Makes each rank's x the sum of all.</summary>
    /// <param name="x">Dense; float32, bfloat16 or float16; of one shape on all ranks.</param>
    public void AllReduce(in Tensor x)
    {
        var (address, count, type) = Dense(x);
        Check(api.AllReduce(address, address, (nuint)count, type, Sum, Live(), stream.Value), $"summing {x.Shape} of {Ranks} ranks", "ncclAllReduce");
    }

    /// <summary>part becomes this rank's piece of the sum of all ranks' whole; pieces lie one after another.</summary>
    public void ReduceScatter(in Tensor whole, in Tensor part)
    {
        var (from, count, type) = Dense(whole);
        var (to, each, _) = Dense(part);
        Arguments.That(count == each * Ranks && whole.DType == part.DType, $"{whole.DType} {whole.Shape} in {Ranks} pieces of {part.DType} {part.Shape}");
        Check(api.ReduceScatter(from, to, (nuint)each, type, Sum, Live(), stream.Value), $"summing {whole.Shape} into {Ranks} pieces", "ncclReduceScatter");
    }

    /// <summary>whole becomes all ranks' parts, one after another.</summary>
    public void AllGather(in Tensor part, in Tensor whole)
    {
        var (from, each, type) = Dense(part);
        var (to, count, _) = Dense(whole);
        Arguments.That(count == each * Ranks && whole.DType == part.DType, $"{whole.DType} {whole.Shape} of {Ranks} parts {part.DType} {part.Shape}");
        Check(api.AllGather(from, to, (nuint)each, type, Live(), stream.Value), $"gathering {whole.Shape} from {Ranks} ranks", "ncclAllGather");
    }

    /// <summary>Makes each rank's x that of the root.</summary>
    public void Broadcast(in Tensor x, int root)
    {
        Arguments.That(root >= 0 && root < Ranks, $"rank {root} of {Ranks}");
        var (address, count, type) = Dense(x);
        Check(api.Broadcast(address, address, (nuint)count, type, root, Live(), stream.Value), $"sending {x.Shape} from rank {root}", "ncclBroadcast");
    }

    /// <summary>Looks whether an operation that is under way has failed, as it does where another rank is lost: nobody waits for the stream then, who must not wait for ever.</summary>
    /// <exception cref="NcclException">It has; <see cref="Abort"/> is what is left.</exception>
    public void ThrowIfFailed()
    {
        int result;
        Check(api.CommGetAsyncError(Live(), &result), "asking for failures", "ncclCommGetAsyncError");
        if (result is not (0 or InProgress))
        {
            throw Failure(result, $"an operation among {Ranks} ranks", "ncclCommGetAsyncError");
        }
    }

    /// <summary>Ends operations that wait for a rank which will not come.</summary>
    public void Abort()
    {
        if (!IsClosed)
        {
            SetHandleAsInvalid();
            Check(api.CommAbort(handle), "giving up a communicator", "ncclCommAbort");
        }
    }

    /// <summary>Throws nothing, whatever became of the device: a finalizer may call it.</summary>
    protected override bool ReleaseHandle() => stream.Context.Driver.MakeCurrent(stream.Context.DangerousGetHandle()) == 0 && api.CommDestroy(handle) == 0;

    private nint Live()
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        stream.Context.MakeCurrent();
        return handle;
    }

    private static (nint Address, long Count, int Type) Dense(in Tensor x)
    {
        Arguments.That(x.IsDense, $"a collective needs dense memory, not {x.Shape} in rows of {(x.Shape.Rank == 2 ? x.RowStride : 0)}");
        var type = x.DType switch
        {
            DType.Float16 => 6,
            DType.Float32 => 7,
            DType.BFloat16 => 9,
            _ => throw new ArgumentException($"no collectives of {x.DType}", nameof(x)),
        };
        return ((nint)x.Pointer<byte>(), x.Shape.ElementCount, type);
    }

    private NcclException Failure(int result, string attempted, string call) => Failure(api, handle, result, attempted, call);

    private void Check(int result, string attempted, string call) => Check(api, handle, result, attempted, call);

    private static void Check(NcclApi api, nint communicator, int result, string attempted, string call)
    {
        if (result != 0)
        {
            throw Failure(api, communicator, result, attempted, call);
        }
    }

    private static NcclException Failure(NcclApi api, nint communicator, int result, string attempted, string call) => new(
        attempted, call, result, Marshal.PtrToStringUTF8(api.GetErrorString(result)) ?? "", Marshal.PtrToStringUTF8(api.GetLastError(communicator)) ?? "");
}
