using System.Globalization;
using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>Rules of a job's <c>podFailurePolicy</c>.</summary>
internal static class PodFailurePolicyRules
{
    private const int MostRules = 20;
    private const int MostCodes = 255;
    private const int MostPatterns = 20;
    private static readonly string[] Actions = ["\"Count\"", "\"FailIndex\"", "\"FailJob\"", "\"Ignore\""];
    private static readonly string[] Operators = ["\"In\"", "\"NotIn\""];
    private static readonly string[] Statuses = ["\"False\"", "\"True\"", "\"Unknown\""];

    public static void Validate(JsonObject spec, string path, List<FieldError> errors)
    {
        if (spec["podFailurePolicy"] is not JsonObject policy)
        {
            return;
        }

        if (spec.At("template", "spec", "restartPolicy").AsText() is { } restart && restart != "Never")
        {
            errors.Add(FieldError.Invalid($"{path}.template.spec.restartPolicy", JsonValues.Quote(restart), "only \"Never\" is supported when podFailurePolicy is specified"));
        }

        var containers = new[] { "initContainers", "containers" }.SelectMany(l => spec.At("template", "spec", l) as JsonArray ?? []).Select(c => c.At("name").AsText()).ToHashSet(StringComparer.Ordinal);
        var rules = (policy["rules"] as JsonArray ?? []).OfType<JsonObject>().ToList();
        if (rules.Count > MostRules)
        {
            errors.Add(FieldError.TooMany($"{path}.podFailurePolicy.rules", rules.Count, MostRules));
        }

        for (var i = 0; i < rules.Count; i++)
        {
            Rule(rules[i], spec, containers, $"{path}.podFailurePolicy.rules[{i}]", errors);
        }
    }

    private static void Rule(JsonObject rule, JsonObject spec, HashSet<string?> containers, string path, List<FieldError> errors)
    {
        var action = rule["action"].AsText() ?? "";
        if (action.Length == 0)
        {
            errors.Add(FieldError.Required($"{path}.action", $"valid values: [{string.Join(' ', Actions)}]"));
        }
        else if (action == "FailIndex" && spec["backoffLimitPerIndex"] is null)
        {
            errors.Add(FieldError.Invalid($"{path}.action", JsonValues.Quote(action), "requires the backoffLimitPerIndex to be set"));
        }
        else if (!Actions.Contains(JsonValues.Quote(action)))
        {
            errors.Add(FieldError.NotSupported($"{path}.action", JsonValues.Quote(action), Actions));
        }

        var patterns = rule["onPodConditions"] as JsonArray ?? [];
        if (rule["onExitCodes"] is JsonObject codes)
        {
            ExitCodes(codes, containers, $"{path}.onExitCodes", errors);
        }

        if (patterns.Count > MostPatterns)
        {
            errors.Add(FieldError.TooMany($"{path}.onPodConditions", patterns.Count, MostPatterns));
        }

        for (var i = 0; i < patterns.Count; i++)
        {
            if (patterns[i].At("status").AsText() is { } status && !Statuses.Contains(JsonValues.Quote(status)))
            {
                errors.Add(FieldError.NotSupported($"{path}.onPodConditions[{i}].status", JsonValues.Quote(status), Statuses));
            }
        }

        if (rule["onExitCodes"] is not null && patterns.Count > 0)
        {
            errors.Add(FieldError.Invalid(path, "null", "specifying both OnExitCodes and OnPodConditions is not supported"));
        }
        else if (rule["onExitCodes"] is null && patterns.Count == 0)
        {
            errors.Add(FieldError.Invalid(path, "null", "specifying one of OnExitCodes and OnPodConditions is required"));
        }
    }

    private static void ExitCodes(JsonObject codes, HashSet<string?> containers, string path, List<FieldError> errors)
    {
        var name = codes["operator"].AsText() ?? "";
        if (!Operators.Contains(JsonValues.Quote(name)))
        {
            errors.Add(name.Length == 0 ? FieldError.Required($"{path}.operator", $"valid values: [{string.Join(' ', Operators)}]") : FieldError.NotSupported($"{path}.operator", JsonValues.Quote(name), Operators));
        }

        if (codes["containerName"].AsText() is { } container && !containers.Contains(container))
        {
            errors.Add(FieldError.Invalid($"{path}.containerName", JsonValues.Quote(container), "must be one of the container or initContainer names in the pod template"));
        }

        var values = (codes["values"] as JsonArray ?? []).Select(v => v.AsWhole() ?? 0).ToList();
        if (values.Count == 0)
        {
            errors.Add(FieldError.Invalid($"{path}.values", "[]", "at least one value is required"));
        }
        else if (values.Count > MostCodes)
        {
            errors.Add(FieldError.TooMany($"{path}.values", values.Count, MostCodes));
        }

        for (var i = 0; i < values.Count; i++)
        {
            if (name == "In" && values[i] == 0)
            {
                errors.Add(FieldError.Invalid($"{path}.values[{i}]", "0", "must not be 0 for the In operator"));
            }

            if (values.IndexOf(values[i]) < i)
            {
                errors.Add(FieldError.Duplicate($"{path}.values[{i}]", values[i].ToString(CultureInfo.InvariantCulture)));
            }
        }

        if (values.Zip(values.Skip(1)).Any(pair => pair.First > pair.Second))
        {
            errors.Add(FieldError.Invalid($"{path}.values", codes["values"].Print(), "must be ordered"));
        }
    }
}
