namespace Octavo.ServingRuntime.Admin;

/// <summary>Marks what came in by the admin listener: set on the connection, so that no header can pretend it.</summary>
internal sealed record AdminConnection;
