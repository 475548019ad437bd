using System.Text.Json;

namespace Octavo.ServingRuntime.OpenAI.Mapping;

/// <summary>The functions that a request offers and which of them may or must be called.</summary>
internal sealed record ToolRequest
{
    public static ToolRequest None { get; } = new();

    public IReadOnlyList<FunctionTool> Functions { get; init; } = [];

    public ToolChoice Choice { get; init; } = ToolChoice.None;

    /// <summary>The function that must be called, where one is named.</summary>
    public string? Named { get; init; }

    public bool Parallel { get; init; } = true;

    /// <summary>The tools as templates expect them: an array of {type, function}; null where the model is not to know of any.</summary>
    public JsonElement? ForTemplate { get; init; }
}

/// <param name="Name">Unique in its request.</param>
/// <param name="Parameters">A JSON schema; null: an object without members.</param>
/// <param name="Strict">Whether the arguments must match the schema.</param>
internal sealed record FunctionTool(string Name, JsonElement? Parameters, bool Strict);

internal enum ToolChoice
{
    /// <summary>No call.</summary>
    None,

    /// <summary>The model decides.</summary>
    Auto,

    /// <summary>At least one call.</summary>
    Required,

    /// <summary>A call of the named function.</summary>
    Named,
}
