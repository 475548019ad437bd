namespace Octavo.Operator.Controller;

/// <summary>The order of the concerns of one reconcile; those of one stage run in the order of their registration.</summary>
internal enum ReconcileStage
{
    /// <summary>What the spec asks for and cannot be had.</summary>
    Refusals,

    /// <summary>What is known of the model.</summary>
    Model,

    /// <summary>Claims and caches for the model's files.</summary>
    Storage,

    /// <summary>The stable address.</summary>
    Address,

    /// <summary>How replicas are replaced.</summary>
    Rollout,

    /// <summary>The replicas.</summary>
    Workload,

    /// <summary>Objects of other projects' kinds.</summary>
    Integrations,

    /// <summary>What is known of the load.</summary>
    Scaling,

    /// <summary>The status, of all that the others found.</summary>
    Status,
}
