using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.Cel;

/// <summary>One entry of x-kubernetes-validations, parsed.</summary>
/// <param name="Source">The rule's text.</param>
/// <param name="Rule">The parsed rule; null where it does not parse, which <paramref name="Error"/> explains.</param>
/// <param name="IsTransition">Whether it looks at oldSelf, so that it only applies to updates.</param>
internal sealed record CelRule(
    string Source, CelNode? Rule, CelNode? MessageExpression, string? Message, string? Reason, string? FieldPath, bool OptionalOldSelf, bool IsTransition, CelException? Error, JsonObject Entry)
{
    public static CelRule Read(JsonObject entry)
    {
        var source = (entry["rule"].AsText() ?? "").Trim();
        CelNode? rule = null;
        CelNode? message = null;
        CelException? error = null;
        try
        {
            rule = CelParser.Parse(source);
            message = entry["messageExpression"].AsText() is { Length: > 0 } expression ? CelParser.Parse(expression) : null;
        }
        catch (CelException e)
        {
            error = e;
        }

        return new CelRule(source, rule, message, entry["message"].AsText(), entry["reason"].AsText(), entry["fieldPath"].AsText(), entry["optionalOldSelf"].IsTrue(),
            rule is not null && CelNames.Uses(rule, "oldSelf"), error, entry);
    }
}
