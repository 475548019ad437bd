using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Json;

internal static class SchemaCompiler
{
    public static GrammarNode Compile(string schema, JsonGrammar json, string document) => throw new GrammarException("JSON schemas are not supported yet");
}
