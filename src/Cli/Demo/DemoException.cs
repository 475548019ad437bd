namespace Octavo.Cli.Demo;

/// <summary>A step did not do what it must; the message says what was seen.</summary>
internal sealed class DemoException(string message, Exception? inner = null) : Exception(message, inner);
