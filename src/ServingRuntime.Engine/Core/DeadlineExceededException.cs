namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>The request's deadline passed before its last token; the engine has dropped it.</summary>
public sealed class DeadlineExceededException() : Exception("the request took longer than it may");
