namespace Octavo.ControllerRuntime.LeaderElection;

/// <summary>A write that was not sent, or was broken off, because the lease of this process has run out: another may lead.</summary>
public sealed class NotLeadingException(string message, Exception? inner = null) : Exception(message, inner);
