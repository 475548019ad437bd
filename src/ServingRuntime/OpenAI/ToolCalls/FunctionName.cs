namespace Octavo.ServingRuntime.OpenAI.ToolCalls;

/// <summary>What OpenAI allows as the name of a function, and the dot that others use.</summary>
internal static class FunctionName
{
    public const int MaxLength = 64;

    public static bool IsValid(string name) => name.Length is > 0 and <= MaxLength && name.All(IsPart);

    public static bool IsPart(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.';
}
