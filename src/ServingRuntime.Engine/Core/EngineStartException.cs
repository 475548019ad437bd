namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>The engine cannot start: options, checkpoint or memory. The message is for the person who started it.</summary>
public sealed class EngineStartException(string message, Exception? innerException = null) : Exception(message, innerException);
