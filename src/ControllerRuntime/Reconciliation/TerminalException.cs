namespace Octavo.ControllerRuntime.Reconciliation;

/// <summary>Trying again cannot help until the object changes: the spec itself is wrong.</summary>
public sealed class TerminalException(string message, Exception? inner = null) : Exception(message, inner);
