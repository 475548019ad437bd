using System.CommandLine;
using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.Operator.Configuration;
using Octavo.Operator.Controller;
using Octavo.Operator.Entities;
using Octavo.Operator.Permissions;
using Octavo.Operator.Resources;
using Octavo.ServingContract;

namespace Octavo.Operator.Sidecar;

/// <summary>A model beside the containers of a Deployment of the user's, asked for by an annotation on its pod template. Without an admission webhook.</summary>
internal sealed class SidecarFeature : IOperatorFeature
{
    /// <summary>What the operator made itself is no user's.</summary>
    private const string OfOthers = ServingLabels.ManagedBy + "!=" + ServingObjectMeta.FieldManager;

    private readonly Option<bool> off = new("--no-sidecars") { Description = $"Do not look at Deployments of others: the annotation {SidecarNames.Inject} does nothing." };
    private bool isOff;

    public IReadOnlyList<Option> Flags => [off];

    public IReadOnlyList<Permission> Permissions =>
    [
        new("apps", "deployments", "list watch patch", $"sidecars in Deployments that ask for one by the annotation {SidecarNames.Inject}"),
    ];

    public IEnumerable<string> Read(ParseResult parsed)
    {
        isOff = parsed.GetValue(off);
        return [];
    }

    public void AddServices(IServiceCollection services)
    {
        if (!isOff)
        {
            services.AddSingleton<SidecarApplier>().AddSingleton(CreateView).AddSingleton<IStatusPart, SidecarStatusPart>();
        }
    }

    public void Watch(ControllerBuilder<V1Alpha1InferenceService> controller, InformerOptions made)
    {
        if (!isOff)
        {
            controller.Watches<InjectedDeployment>(SidecarView.ServicesOf);
        }
    }

    public void AddControllers(OperatorBuilder runtime, InformerOptions all, int workers)
    {
        if (!isOff)
        {
            runtime.AddInformer<InjectedDeployment>(all with { LabelSelector = OfOthers })
                .AddController<SidecarController, InjectedDeployment>(controller => controller.WithWorkers(workers).WokenBy(ConnectServices));
        }
    }

    /// <summary>A service that appears, changes or goes wakes the Deployments that name it; its status, which changes all the time, does not.</summary>
    private static void ConnectServices(IServiceProvider provider, ControllerRuntime.Queue.WorkQueue queue)
    {
        var view = provider.GetRequiredService<SidecarView>();
        provider.GetRequiredService<SharedInformer<V1Alpha1InferenceService>>().AddEventHandler(
            Wake,
            (before, after) =>
            {
                if (before.Metadata.Generation != after.Metadata.Generation || before.Metadata.DeletionTimestamp != after.Metadata.DeletionTimestamp)
                {
                    Wake(after);
                }
            },
            Wake);

        void Wake(V1Alpha1InferenceService service)
        {
            foreach (var deployment in view.Of(NamespacedName.Of(service)))
            {
                queue.Add(NamespacedName.Of(deployment));
            }
        }
    }

    private static SidecarView CreateView(IServiceProvider provider)
    {
        var informer = provider.GetRequiredService<SharedInformer<InjectedDeployment>>();
        informer.AddIndex(SidecarView.ServiceIndex, deployment => SidecarView.ServicesOf(deployment).Select(key => key.ToString()));
        return new SidecarView(informer.Lister);
    }
}
