namespace Octavo.Operator.Planning;

/// <summary>No plan can be made; the message is for people.</summary>
internal sealed class PlanException(string message, Exception? inner = null) : Exception(message, inner);
