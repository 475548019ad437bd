namespace Octavo.Operator.Sidecar;

/// <summary>What is to be done with a Deployment.</summary>
/// <param name="Record">What it is to have; null: nothing, and what is there is taken out.</param>
/// <param name="IsDone">It is so already: nothing is written.</param>
/// <param name="Note">Why it does not have what it asks for; null where it has, or asks for nothing.</param>
internal sealed record SidecarDecision(SidecarRecord? Record, bool IsDone, SidecarNote? Note = null);
