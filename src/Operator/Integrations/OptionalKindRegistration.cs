using Octavo.ControllerRuntime.Cache;
using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Integrations;

/// <summary>How a feature adds a kind that the cluster may not have; its informer is the feature's own matter.</summary>
internal static class OptionalKindRegistration
{
    public static IServiceCollection AddOptionalKind<T>(this IServiceCollection services) where T : class, IKubernetesObject => services
        .AddSingleton(provider => OptionalKind<T>.Of(provider.GetRequiredService<OptionalInformer<T>>()))
        .AddSingleton<OptionalChild<T>>();
}
