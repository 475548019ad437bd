using Octavo.Operator.Configuration;
using Octavo.Operator.Permissions;

namespace Octavo.Operator.Controller;

/// <summary>What every other feature stands on: the way objects are applied, the status.</summary>
internal sealed class StatusFeature : IOperatorFeature
{
    public IReadOnlyList<Permission> Permissions =>
    [
        new("serving.octavo.dev", "inferenceservices", "list watch", "what is wanted"),
        new("serving.octavo.dev", "inferenceservices/status", "patch", "what is"),
        new("serving.octavo.dev", "inferenceservices/finalizers", "update", "blockOwnerDeletion on children, where the admission plugin OwnerReferencesPermissionEnforcement runs"),
        new("", "events", "create patch", "what happened, and how often"),
    ];

    public void AddServices(IServiceCollection services) => services
        .AddSingleton<ObjectApplier>()
        .AddSingleton<ChildGate>()
        .AddSingleton<StatusBuilder>()
        .AddSingleton<ISubReconciler, StatusReconciler>()
        .AddSingleton<IStatusPart, StartupStatusPart>();
}
