using Octavo.Operator.Entities;

namespace Octavo.Operator.Workloads;

/// <summary>Which kind of workload a service has. The schema lets none change from one to the other.</summary>
internal sealed class ServingWorkloads(DeploymentWorkload deployments, LeaderWorkerSetWorkload sets)
{
    public IServingWorkload For(V1Alpha1InferenceService service) => service.Spec.Accelerator?.Nodes > 1 ? sets : deployments;
}
