namespace Octavo.ServingRuntime.OpenAI.Mapping;

/// <summary>How many tokens a client wants at most.</summary>
/// <param name="Asked">Null: it did not say.</param>
/// <param name="Parameter">The field that asked, for messages.</param>
/// <param name="Default">Without a wish: this many, or null for what is left of the context.</param>
internal sealed record TokenLimit(int? Asked, string Parameter, int? Default)
{
    /// <summary>max_completion_tokens wins over the older name; without either the context may be filled.</summary>
    public static TokenLimit TakeChat(RequestFields fields)
    {
        var newer = fields.Integer("max_completion_tokens", 1);
        var older = fields.Integer("max_tokens", 1);
        return new TokenLimit(newer ?? older, newer is not null ? "max_completion_tokens" : "max_tokens", null);
    }

    /// <summary>OpenAI's completions default to 16 tokens. None at all may be asked for where the prompt is echoed.</summary>
    public static TokenLimit TakeCompletion(RequestFields fields, bool echo) => new(fields.Integer("max_tokens", echo ? 0 : 1), "max_tokens", 16);
}
