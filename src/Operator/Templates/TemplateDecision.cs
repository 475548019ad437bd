namespace Octavo.Operator.Templates;

/// <summary>Which template the pods are made from.</summary>
/// <param name="Record">The template, recorded before the workload gets it.</param>
/// <param name="Pending">What this operator would build differently from the same wishes: applied with the next change of them, never by itself.</param>
internal sealed record TemplateDecision(TemplateRecord Record, IReadOnlyList<TemplateChange> Pending);
