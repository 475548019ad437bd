namespace Octavo.Operator.Events;

/// <summary>An Event to be told.</summary>
/// <param name="Type">Normal or Warning.</param>
internal sealed record EventNote(string Type, string Reason, string Message);
