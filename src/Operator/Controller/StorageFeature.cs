using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Configuration;
using Octavo.Operator.Entities;
using Octavo.Operator.Permissions;

namespace Octavo.Operator.Controller;

/// <summary>Where the model's files lie, and what is known of them.</summary>
internal sealed class StorageFeature : IOperatorFeature
{
    public IReadOnlyList<Permission> Permissions =>
    [
        new("", "persistentvolumeclaims", "get list watch create patch", "storage for fetched models; the garbage collector deletes"),
    ];

    public void AddServices(IServiceCollection services) => services
        .AddSingleton<ISubReconciler, ModelReconciler>()
        .AddSingleton<ISubReconciler, StorageReconciler>();

    public void Watch(ControllerBuilder<V1Alpha1InferenceService> controller, InformerOptions made) => controller.Owns<V1PersistentVolumeClaim>(made);
}
