using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Configuration;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Controller;

/// <summary>Where the model's files lie, and what is known of them.</summary>
internal sealed class StorageFeature : IOperatorFeature
{
    public void AddServices(IServiceCollection services) => services
        .AddSingleton<ISubReconciler, ModelReconciler>()
        .AddSingleton<ISubReconciler, StorageReconciler>();

    public void Watch(ControllerBuilder<V1Alpha1InferenceService> controller, InformerOptions made) => controller.Owns<V1PersistentVolumeClaim>(made);
}
