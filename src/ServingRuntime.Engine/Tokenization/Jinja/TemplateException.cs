namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>A template could not be read or rendered.</summary>
public sealed class TemplateException(TemplateFault fault, string message) : Exception(message)
{
    public TemplateFault Fault { get; } = fault;
}
