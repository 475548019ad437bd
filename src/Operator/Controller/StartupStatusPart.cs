using Octavo.Operator.Entities;

namespace Octavo.Operator.Controller;

/// <summary>Where the time of the last start went.</summary>
internal sealed class StartupStatusPart : IStatusPart
{
    public InferenceServiceStatus Fill(InferenceServiceStatus status, ReconcileContext context) =>
        status with { Startup = StartupLedger.Of(context.Observed.CurrentPods, context.Observed.Service.Status?.Startup) };
}
