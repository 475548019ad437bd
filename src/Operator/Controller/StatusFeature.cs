using Octavo.Operator.Configuration;

namespace Octavo.Operator.Controller;

/// <summary>What every other feature stands on: refusals, the way objects are applied, the status.</summary>
internal sealed class StatusFeature : IOperatorFeature
{
    public void AddServices(IServiceCollection services) => services
        .AddSingleton<ObjectApplier>()
        .AddSingleton<StatusBuilder>()
        .AddSingleton<ISubReconciler, UnbuiltFieldsReconciler>()
        .AddSingleton<ISubReconciler, StatusReconciler>()
        .AddSingleton<IStatusPart, StartupStatusPart>();
}
