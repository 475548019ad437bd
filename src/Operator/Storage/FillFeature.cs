using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Controller;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Configuration;
using Octavo.Operator.Controller;
using Octavo.Operator.Deletion;
using Octavo.Operator.Entities;
using Octavo.Operator.Permissions;

namespace Octavo.Operator.Storage;

/// <summary>Models that one Job fetches for all services that share them.</summary>
internal sealed class FillFeature : IOperatorFeature
{
    public IReadOnlyList<Permission> Permissions =>
    [
        new("batch", "jobs", "get list watch create patch delete", "fetches of models that services share; patch: their owners"),
        new("", "events", "list", "why a claim is Pending, asked while pods wait for one"),
    ];

    public void AddServices(IServiceCollection services) => services
        .AddSingleton(CreateView)
        .AddSingleton<FillOwnership>()
        .AddSingleton<ClaimReader>()
        .AddSingleton<ISubReconciler, FillReconciler>()
        .AddSingleton<IDeletionStep, FillDeletion>();

    public void Watch(ControllerBuilder<V1Alpha1InferenceService> controller, InformerOptions made) => controller
        .Owns<V1Job>(made)
        .WokenBy((provider, queue) =>
        {
            var view = provider.GetRequiredService<FillView>();
            provider.GetRequiredService<SharedInformer<V1Pod>>().AddEventHandler(EventHandlers.EnqueueMapped<V1Pod>(queue, view.ServicesOf));
        });

    private static FillView CreateView(IServiceProvider provider)
    {
        provider.GetRequiredService<SharedInformer<V1Pod>>().AddIndex(FillView.HashIndex, FillView.HashOf);
        var jobs = provider.GetRequiredService<SharedInformer<V1Job>>();
        jobs.AddIndex(FillView.HashIndex, FillView.HashOf);
        jobs.AddIndex(FillView.OwnerIndex, FillView.OwnersOf);
        return ActivatorUtilities.CreateInstance<FillView>(provider);
    }
}
