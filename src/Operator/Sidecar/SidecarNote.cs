namespace Octavo.Operator.Sidecar;

/// <summary>What is to be told of a Deployment.</summary>
/// <param name="State">In which it is.</param>
/// <param name="Type">Normal or Warning.</param>
/// <param name="Reason">UpperCamelCase, for machines.</param>
/// <param name="Message">A sentence, for people.</param>
internal sealed record SidecarNote(SidecarState State, string Type, string Reason, string Message);
