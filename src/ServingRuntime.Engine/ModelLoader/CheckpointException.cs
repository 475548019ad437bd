namespace Octavo.ServingRuntime.Engine.ModelLoader;

/// <summary>A checkpoint that cannot be used. The message names file, tensor or field.</summary>
public sealed class CheckpointException(string message, Exception? innerException = null) : Exception(message, innerException);
