using Octavo.Operator.Templates;

namespace Octavo.Operator.Controller;

/// <summary>The concerns of an InferenceService, and the parts of its status.</summary>
internal static class ReconcilerRegistration
{
    public static IServiceCollection AddReconcilers(this IServiceCollection services) => services
        .AddSingleton<ObjectApplier>()
        .AddSingleton<TemplateRecords>()
        .AddSingleton<VictimHints>()
        .AddSingleton<StatusBuilder>()
        .AddSingleton<ISubReconciler, UnbuiltFieldsReconciler>()
        .AddSingleton<ISubReconciler, ModelReconciler>()
        .AddSingleton<ISubReconciler, StorageReconciler>()
        .AddSingleton<ISubReconciler, WorkloadReconciler>()
        .AddSingleton<ISubReconciler, ServiceReconciler>()
        .AddSingleton<ISubReconciler, ScalingReconciler>()
        .AddSingleton<ISubReconciler, StatusReconciler>()
        .AddSingleton<IStatusPart, ReplicaStatusPart>()
        .AddSingleton<IStatusPart, AutoscalingStatusPart>()
        .AddSingleton<IStatusPart, StartupStatusPart>();
}
