using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Collectives;
using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Collectives;

/// <summary>
/// Several ranks on the fake driver, each with a stream and a thread of its own, as several devices would be. One device with the real library has one rank alone: the rest needs more devices.
/// </summary>
[Collection(CudaCollection.Name)]
public sealed class NcclCommunicatorTests(CudaLibraries libraries)
{
    private const int Ranks = 3;

    [SkippableTheory]
    [InlineData(DType.Float32)]
    [InlineData(DType.BFloat16)]
    [InlineData(DType.Float16)]
    public void AllReduce_EveryRank_TheSumOfAll(DType dtype)
    {
        var results = new byte[Ranks][];
        Together((bed, communicator) =>
        {
            var x = bed.Empty(new TensorShape(2, 40), dtype);
            bed.Write(Values(communicator.Rank, 80, dtype), x);
            communicator.AllReduce(x);
            communicator.AllReduce(x);
            results[communicator.Rank] = bed.ReadBytes(x);
        });

        // Whole numbers, which every type holds.
        var expected = Bytes([.. Enumerable.Range(0, 80).Select(i => (float)(Ranks * Enumerable.Range(0, Ranks).Sum(rank => Value(rank, i))))], dtype);
        results.Should().AllSatisfy(result => result.Should().Equal(expected));
    }

    [SkippableFact]
    public void GatherScatterBroadcast_EveryRank_ItsPieceOfTheWhole()
    {
        var gathered = new byte[Ranks][];
        var scattered = new byte[Ranks][];
        var sent = new byte[Ranks][];
        Together((bed, communicator) =>
        {
            Tensor part = bed.Empty(new TensorShape(5)), whole = bed.Empty(new TensorShape(5 * Ranks)), piece = bed.Empty(new TensorShape(5));
            bed.Write(Values(communicator.Rank, 5, DType.Float32), part);
            communicator.AllGather(part, whole);
            gathered[communicator.Rank] = bed.ReadBytes(whole);
            communicator.ReduceScatter(whole, piece);
            scattered[communicator.Rank] = bed.ReadBytes(piece);
            communicator.Broadcast(part, root: 1);
            sent[communicator.Rank] = bed.ReadBytes(part);
        });

        var all = Enumerable.Range(0, Ranks).SelectMany(rank => Values(rank, 5, DType.Float32)).ToArray();
        for (var rank = 0; rank < Ranks; rank++)
        {
            gathered[rank].Should().Equal(all);
            scattered[rank].Should().Equal(Bytes([.. Enumerable.Range(0, 5).Select(i => (float)(Ranks * Value(rank, i)))], DType.Float32));
            sent[rank].Should().Equal(Values(1, 5, DType.Float32));
        }
    }

    [SkippableFact]
    public void AllReduce_OneRankAlone_ItsOwn()
    {
        using var bed = CudaTestBed.Open(libraries);
        Skip.If(libraries.IsReal && !HasRealNccl(), "there is no NCCL");
        var api = new NcclApi(libraries.Nccl);
        using var communicator = new NcclCommunicator(api, bed.Stream, NcclCommunicator.NewId(api), 0, 1);
        var x = bed.Empty(new TensorShape(8));
        bed.Write(Values(2, 8, DType.Float32), x);
        communicator.AllReduce(x);
        bed.ReadBytes(x).Should().Equal(Values(2, 8, DType.Float32));
        communicator.ThrowIfFailed();
        NcclCommunicator.Version(api).Should().MatchRegex(@"^2\.\d+\.\d+$");
    }

    [SkippableFact]
    public void AllReduce_RanksThatDoNotAgree_AFailureAndNoResult()
    {
        Fake();
        var act = () => Together((bed, communicator) =>
        {
            communicator.AllReduce(bed.Empty(new TensorShape(communicator.Rank + 1)));
            bed.Stream.Synchronize();
        });
        act.Should().Throw<CudaException>();
    }

    [SkippableFact]
    public void Abort_WhileOthersWait_TheyFailInsteadOfWaiting()
    {
        Fake();
        var waits = new bool[Ranks];
        Together((bed, communicator) =>
        {
            var x = bed.Empty(new TensorShape(4));
            if (communicator.Rank == 0)
            {
                communicator.Abort();
                ((Action)(() => communicator.AllReduce(x))).Should().Throw<ObjectDisposedException>();
                return;
            }

            communicator.AllReduce(x);
            bed.Stream.Synchronize();
            var failure = ((Action)communicator.ThrowIfFailed).Should().Throw<NcclException>().WithMessage("*ranks*remote*").Which;
            waits[communicator.Rank] = failure.IsRemote;
        });
        waits.Should().Equal(false, true, true);
    }

    [SkippableFact]
    public void Constructor_LibraryFails_SaysWhatWasAttempted()
    {
        Fake();
        using var bed = CudaTestBed.Open(libraries);
        var api = new NcclApi(libraries.Nccl);
        libraries.Fake!.Fail("ncclCommInitRank", 1, 2);
        var join = () => new NcclCommunicator(api, bed.Stream, NcclCommunicator.NewId(api), 0, 2);
        join.Should().Throw<NcclException>().WithMessage("joining as rank 0 of 2: ncclCommInitRank failed with 2 *").Which.IsRemote.Should().BeFalse();
    }

    [SkippableFact]
    public void Collectives_WrongArguments_Refused()
    {
        Fake();
        using var bed = CudaTestBed.Open(libraries);
        var api = new NcclApi(libraries.Nccl);
        using var communicator = new NcclCommunicator(api, bed.Stream, NcclCommunicator.NewId(api), 0, 1);
        ((Action)(() => communicator.AllReduce(bed.Empty(new TensorShape(4, 8)).Columns(0, 4)))).Should().Throw<ArgumentException>().WithMessage("*dense*");
        ((Action)(() => communicator.AllReduce(bed.Empty(new TensorShape(4), DType.Int32)))).Should().Throw<ArgumentException>();
        ((Action)(() => communicator.AllGather(bed.Empty(new TensorShape(4)), bed.Empty(new TensorShape(5))))).Should().Throw<ArgumentException>();
        ((Action)(() => communicator.Broadcast(bed.Empty(new TensorShape(4)), 1))).Should().Throw<ArgumentException>();
    }

    /// <summary>One thread a rank; what one of them throws comes out.</summary>
    private void Together(Action<CudaTestBed, NcclCommunicator> work)
    {
        Fake();
        using var first = CudaTestBed.Open(libraries);
        var api = new NcclApi(libraries.Nccl);
        var id = NcclCommunicator.NewId(api);
        var failures = new Exception?[Ranks];
        var threads = Enumerable.Range(0, Ranks).Select(rank => new Thread(() =>
        {
            try
            {
                using var bed = CudaTestBed.OpenBeside(libraries);
                using var communicator = new NcclCommunicator(api, bed.Stream, id, rank, Ranks);
                work(bed, communicator);
            }
            catch (Exception failure)
            {
                failures[rank] = failure;
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join(TimeSpan.FromSeconds(60)).Should().BeTrue());
        if (failures.FirstOrDefault(failure => failure is not null) is { } thrown)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(thrown);
        }
    }

    private void Fake()
    {
        Skip.If(libraries.IsReal, "several ranks need as many devices");
        Skip.If(libraries.WhyNot is not null, libraries.WhyNot);
    }

    private bool HasRealNccl()
    {
        try
        {
            return libraries.Nccl.Handle != 0;
        }
        catch (CudaLibraryMissingException)
        {
            // The test skips.
            return false;
        }
    }

    private static int Value(int rank, int i) => ((i * (rank + 1)) % 7) - 3;

    private static byte[] Values(int rank, int count, DType dtype) => Bytes([.. Enumerable.Range(0, count).Select(i => (float)Value(rank, i))], dtype);

    private static byte[] Bytes(float[] values, DType dtype) => dtype switch
    {
        DType.Float32 => [.. values.SelectMany(BitConverter.GetBytes)],
        DType.BFloat16 => [.. values.SelectMany(value => BitConverter.GetBytes(HostValues.ToBFloat16(value)))],
        _ => [.. values.SelectMany(value => BitConverter.GetBytes((Half)value))],
    };
}
