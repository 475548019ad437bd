namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>The request asks for something that cannot be: the client's mistake.</summary>
/// <param name="message">What is wrong, for the client.</param>
/// <param name="parameter">The field at fault.</param>
/// <param name="code">OpenAI's code, where it has one.</param>
public sealed class InvalidRequestException(string message, string? parameter = null, string? code = null) : Exception(message)
{
    public string? Parameter { get; } = parameter;

    public string? Code { get; } = code;
}
