using NSubstitute;
using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.ServingRuntime.Kernels.Profiling;

public sealed class ProfilingBackendTests
{
    [Fact]
    public void Timings_AfterCalls_CountsByOperationAndShape()
    {
        var inner = Substitute.For<IKernelBackend>();
        using var backend = new ProfilingBackend(inner, TimeProvider.System);
        using var weight = new Weight();
        using var memory = new CpuMemory(4 * 4 * 8);
        Tensor x = new(memory, 0, new TensorShape(3, 4), DType.Float32), y = new(memory, 0, new TensorShape(3, 8), DType.Float32);
        backend.Linear(x, weight, y);
        backend.Linear(x, weight, y);
        backend.Copy(x, x);
        backend.Timings.Should().HaveCount(2);
        var linear = backend.Timings.Single(t => t.Operation == "Linear 8 x 4");
        (linear.Calls, linear.MultiplyAdds, linear.WeightBytes).Should().Be((2, 2 * 3 * 4 * 8, 128));
        inner.Received(2).Linear(x, weight, y);
        backend.Reset();
        backend.Timings.Should().BeEmpty();
    }

    private sealed class Weight() : LinearWeight(4, 8)
    {
        public override long Bytes => 64;

        public override void Dispose()
        {
        }
    }
}
