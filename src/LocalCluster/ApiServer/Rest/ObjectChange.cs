using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Rest;

/// <summary>One change of an existing object.</summary>
/// <param name="Apply">Makes the new object from the live one, which it must not change; may be called again after a race.</param>
/// <param name="Manager">Whom managedFields name; null when Apply has written them itself.</param>
/// <param name="IsPatch">Whether the client sent a change rather than the whole object.</param>
internal sealed record ObjectChange(Func<JsonObject, JsonObject> Apply, string? Manager, bool IsPatch, bool DryRun)
{
    /// <summary>A check of the result before the general ones.</summary>
    public Action<JsonObject>? BeforeValidation { get; init; }

    /// <summary>What admission sees instead of the object, where a subresource has a kind of its own.</summary>
    public Func<JsonObject, JsonObject>? View { get; init; }

    /// <summary>Takes into the object what a webhook made of <see cref="View"/>.</summary>
    public Action<JsonObject, JsonObject>? TakeView { get; init; }

    /// <summary>The server's own bookkeeping, which nobody is asked to admit.</summary>
    public bool IsInternal { get; init; }

    /// <summary>True for the one write that may set a pod's node.</summary>
    public bool IsBinding { get; init; }
}
