using Octavo.ControllerRuntime.Entities;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Tests.Entities;

[KubernetesEntity(Group = "example.dev", ApiVersion = "v1", Kind = "Widget", PluralName = "widgets")]
public sealed record Widget : CustomKubernetesEntity<WidgetSpec, WidgetStatus>
{
    public static Widget Named(string name, string namespaceName = "n") =>
        new() { Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = namespaceName }, Spec = new WidgetSpec() };
}

public sealed record WidgetSpec
{
    public int Size { get; init; }
}

public sealed record WidgetStatus
{
    public string? Phase { get; init; }
}
