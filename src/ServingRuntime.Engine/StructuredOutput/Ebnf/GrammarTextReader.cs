using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Ebnf;

/// <summary>A grammar's text by its dialect: one that defines rules by "::=" is GBNF, one that defines them by ":" is Lark.</summary>
internal static class GrammarTextReader
{
    /// <exception cref="GrammarException">It is malformed or uses something that is not supported; the message names the line.</exception>
    public static GrammarNode Read(string text, GrammarRules rules)
        => text.Contains("::=", StringComparison.Ordinal) ? new GbnfParser(text, rules).Parse() : new LarkParser(text, rules).Parse();
}
