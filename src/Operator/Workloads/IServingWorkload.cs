using Octavo.ControllerRuntime;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Workloads;

/// <summary>A kind of object that keeps replicas: a Deployment where a replica is one pod, another where it spans nodes.</summary>
internal interface IServingWorkload
{
    string Kind { get; }

    /// <summary>Whether the pod that goes first on scale-in is chosen by the annotation for it.</summary>
    bool HonoursDeletionCost { get; }

    /// <summary>Why this cluster cannot have such a workload at present, for people; null where it can.</summary>
    string? Unavailability { get; }

    /// <summary>From the cache; null: it is not there.</summary>
    WorkloadState? Cached(NamespacedName service);

    /// <summary>The same, but asks the server where the cache has none: it may just have been made, or be somebody else's.</summary>
    Task<WorkloadState?> FindAsync(V1Alpha1InferenceService service, WorkloadState? cached, CancellationToken cancellationToken);

    /// <summary>Makes it what the plan says, by server-side apply where that would change something.</summary>
    Task<WorkloadState> ApplyAsync(WorkloadState? live, WorkloadPlan plan, CancellationToken cancellationToken);
}
