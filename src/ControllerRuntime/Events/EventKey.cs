namespace Octavo.ControllerRuntime.Events;

/// <summary>Events with the same key are one Event with a count.</summary>
internal sealed record EventKey(
    string? ApiVersion, string? Kind, string? Namespace, string? Name, string? Uid, string Type, string Reason, string Message)
{
    /// <summary>Whom it is about, for the limit on talk.</summary>
    public string About => $"{ApiVersion}/{Kind}/{Namespace}/{Name}/{Uid}";
}
