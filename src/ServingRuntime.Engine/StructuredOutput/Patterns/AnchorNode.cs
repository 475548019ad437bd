using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Patterns;

/// <summary>^ or $ before <see cref="AnchorResolver"/> has decided what it means.</summary>
internal sealed record AnchorNode(bool IsStart) : GrammarNode;
