using Octavo.ServingRuntime.Engine.Scheduling;

namespace Octavo.ServingRuntime.Engine.ModelRunner;

/// <summary>Runs one step: forward pass and sampling. Real: <see cref="ModelRunner"/>; scheduler tests script it.</summary>
public interface IModelRunner : IDisposable
{
    ModelRunnerOutput Execute(SchedulerOutput step);

    /// <summary>Throws where the device works no more.</summary>
    void CheckDevice();
}
