namespace Octavo.TestSupport.Kubernetes;

/// <summary>Where an object is: "group/version/plural", namespace, name.</summary>
internal sealed record FakeResource(string Resource, string? Namespace, string Name)
{
    public string Key => $"{Resource}/{Namespace}/{Name}";
}
