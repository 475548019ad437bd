using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Ebnf;

internal static class GrammarTextReader
{
    public static GrammarNode Read(string text, GrammarRules rules) => throw new GrammarException("grammars are not supported yet");
}
