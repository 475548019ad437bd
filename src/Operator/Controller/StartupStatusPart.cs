using Octavo.Operator.Autoscaling;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Controller;

/// <summary>Where the time of the last start went.</summary>
internal sealed class StartupStatusPart : IStatusPart
{
    public InferenceServiceStatus Fill(InferenceServiceStatus status, ReconcileContext context) => status with
    {
        Startup = WithWarmUp(StartupLedger.Of(context.Observed.CurrentPods, context.Observed.Service.Status?.Startup), context.Observed.Autoscaler?.Loads),
    };

    /// <summary>A pod's status does not tell the warm-up; the runtime does, once it has been asked for its load.</summary>
    private static StartupStatus? WithWarmUp(StartupStatus? startup, IReadOnlyDictionary<string, ReplicaLoad>? loads) =>
        startup is { WarmUpSeconds: null } && loads?.GetValueOrDefault(startup.Pod)?.WarmUpSeconds is { } seconds ? startup with { WarmUpSeconds = (int)Math.Round(Math.Clamp(seconds, 0, int.MaxValue)) } : startup;
}
