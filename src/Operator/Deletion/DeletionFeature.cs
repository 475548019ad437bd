using Octavo.Operator.Configuration;
using Octavo.Operator.Permissions;

namespace Octavo.Operator.Deletion;

/// <summary>Takes a service apart in order, where a feature's <see cref="IDeletionStep"/> needs one.</summary>
internal sealed class DeletionFeature : IOperatorFeature
{
    public IReadOnlyList<Permission> Permissions =>
    [
        new("serving.octavo.dev", "inferenceservices", "patch", "the finalizer of services whose parts must go in order; nothing else of them is written"),
        new("apps", "deployments", "delete", "the replicas of services whose parts must go in order"),
    ];

    public void AddServices(IServiceCollection services) => services.AddSingleton<IDeletionStep, WorkloadDeletion>();
}
