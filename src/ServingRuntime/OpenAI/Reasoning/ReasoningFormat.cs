using Octavo.ServingRuntime.Engine.Tokenization;

namespace Octavo.ServingRuntime.OpenAI.Reasoning;

/// <summary>How a model sets its reasoning apart from its answer.</summary>
/// <param name="Begin">Opens it.</param>
/// <param name="End">Closes it.</param>
/// <param name="Implied">Every answer begins with reasoning, whether or not an opening tag is written (deepseek_r1).</param>
internal sealed record ReasoningFormat(string Begin, string End, bool Implied)
{
    /// <summary>The closing tag, where it is one token.</summary>
    public int? EndTokenId { get; init; }

    private const string Think = "<think>";
    private const string EndThink = "</think>";

    /// <param name="flag">deepseek_r1, qwen3, none, or auto: where the template or the vocabulary knows the tags.</param>
    /// <param name="model">The model.</param>
    /// <returns>Null where reasoning is not looked for.</returns>
    public static ReasoningFormat? Resolve(string flag, ModelTokenizer model) => flag switch
    {
        "deepseek_r1" => new ReasoningFormat(Think, EndThink, Implied: true) { EndTokenId = model.Tokenizer.TokenToId(EndThink) },
        "qwen3" => new ReasoningFormat(Think, EndThink, Implied: false) { EndTokenId = model.Tokenizer.TokenToId(EndThink) },
        "auto" when model.Tokenizer.TokenToId(EndThink) is not null || (model.ChatTemplate?.Source.Contains(EndThink, StringComparison.Ordinal) ?? false)
            => new ReasoningFormat(Think, EndThink, Implied: false) { EndTokenId = model.Tokenizer.TokenToId(EndThink) },
        _ => null,
    };

    /// <summary>Where an answer to this prompt begins: the template may have opened the reasoning, or closed it to forbid any.</summary>
    public ReasoningStart StartAfter(string prompt)
    {
        var end = prompt.AsSpan().TrimEnd();
        return end.EndsWith(Begin) ? ReasoningStart.Open
            : end.EndsWith(End) ? ReasoningStart.Closed
            : Implied ? ReasoningStart.Open
            : ReasoningStart.MayOpen;
    }
}

/// <summary>What an answer begins with.</summary>
internal enum ReasoningStart
{
    /// <summary>The answer itself.</summary>
    Closed,

    /// <summary>Reasoning, if it begins with the opening tag.</summary>
    MayOpen,

    /// <summary>Reasoning.</summary>
    Open,
}
