using Octavo.ControllerRuntime;
using Octavo.Operator.Controller;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Sidecar;

/// <summary>Who serves the model beside their own containers.</summary>
internal sealed class SidecarStatusPart(SidecarView sidecars) : IStatusPart
{
    public InferenceServiceStatus Fill(InferenceServiceStatus status, ReconcileContext context) =>
        status with { SidecarDeployments = sidecars.CountWith(NamespacedName.Of(context.Observed.Service)) is > 0 and var count ? count : null };
}
