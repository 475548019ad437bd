namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>The engine's thread has ended by a failure; no request will be answered any more.</summary>
public sealed class EngineDeadException(Exception? cause = null) : Exception("the engine has failed", cause);
