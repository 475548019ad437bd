namespace Octavo.Operator.Deletion;

/// <summary>The order in which a service is taken apart. What is not named here (Service, claim, records) is the garbage collector's, last.</summary>
internal enum DeletionStage
{
    /// <summary>Nobody is led to the service any more.</summary>
    Routes,

    /// <summary>What was put into other people's objects.</summary>
    Injections,

    /// <summary>Replicas finish what they have.</summary>
    Workload,

    /// <summary>What works on the model's files.</summary>
    Storage,
}
