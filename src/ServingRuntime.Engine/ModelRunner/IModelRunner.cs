using Octavo.ServingRuntime.Engine.Scheduling;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.ModelRunner;

/// <summary>Runs one step: forward pass and sampling. Real: <see cref="ModelRunner"/>; scheduler tests script it.</summary>
public interface IModelRunner : IDisposable
{
    ModelRunnerOutput Execute(SchedulerOutput step);

    /// <summary>Throws where the device works no more.</summary>
    void CheckDevice();

    /// <summary>What computes.</summary>
    Device Device { get; }
}
