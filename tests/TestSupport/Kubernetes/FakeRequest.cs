namespace Octavo.TestSupport.Kubernetes;

/// <summary>A request that the fake was asked. Verbs: get, list, watch, create, update, patch, apply, delete; subresource as in "status".</summary>
public sealed record FakeRequest(string Verb, string Kind, string? Namespace, string? Name, string? Subresource = null)
{
    /// <summary>As a patch or an apply names it.</summary>
    public string? FieldManager { get; init; }

    public bool IsWrite => Verb is "create" or "update" or "patch" or "apply" or "delete";
}
