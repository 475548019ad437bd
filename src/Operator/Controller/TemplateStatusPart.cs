using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.Operator.Templates;

namespace Octavo.Operator.Controller;

/// <summary>The pod template in use, and what this operator would write differently. Where no template was chosen, what was told before stays.</summary>
internal sealed class TemplateStatusPart : IStatusPart
{
    /// <summary>As the schema bounds it.</summary>
    private const int MostLines = 16;

    private const int LongestLine = 200;

    public InferenceServiceStatus Fill(InferenceServiceStatus status, ReconcileContext context) =>
        status with { Template = context.Observed.Template is { } decision ? Of(decision) : context.Observed.Service.Status?.Template };

    private static TemplateStatus Of(TemplateDecision decision) => new()
    {
        Revision = decision.Record.Builder,
        Hash = decision.Record.Hash,
        Image = ServingPodTemplate.ImageOf(decision.Record.Template, ServingPodTemplate.RuntimeContainer),
        Pending = decision.Pending.Count == 0 ? null : Lines(decision.Pending),
    };

    private static List<string> Lines(IReadOnlyList<TemplateChange> changes)
    {
        var shown = changes.Count <= MostLines ? changes.Count : MostLines - 1;
        var lines = changes.Take(shown).Select(c => Shorten(c.ToString())).ToList();
        if (shown < changes.Count)
        {
            lines.Add($"and {changes.Count - shown} more");
        }

        return lines;
    }

    private static string Shorten(string line) => line.Length <= LongestLine ? line : string.Concat(line.AsSpan(0, LongestLine - 3), "...");
}
