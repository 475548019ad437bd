using System.Globalization;
using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>Rules of the kinds that make pods from a template.</summary>
internal static class WorkloadRules
{
    public static void Validate(string kind, JsonObject obj, JsonObject? old, List<FieldError> errors)
    {
        var spec = obj["spec"] as JsonObject ?? [];
        var before = old?["spec"] as JsonObject;
        switch (kind)
        {
            case "Job":
                Job(spec, before, "spec", errors);
                return;
            case "CronJob":
                CronJob(spec, errors);
                return;
        }

        NonNegative(spec, ["replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"], "spec", errors);
        Selector(kind, spec, before, errors);
        if (kind == "Deployment" && spec.At("strategy", "type").AsText() == "Recreate" && spec.At("strategy", "rollingUpdate") is not null)
        {
            errors.Add(FieldError.Forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'"));
        }

        if (kind == "Deployment" && spec["progressDeadlineSeconds"].AsWhole() is { } deadline && spec["minReadySeconds"].AsWhole() is { } ready && deadline <= ready)
        {
            errors.Add(FieldError.Invalid("spec.progressDeadlineSeconds", deadline.ToString(CultureInfo.InvariantCulture), "must be greater than minReadySeconds"));
        }

        Template(spec["template"], "spec.template", errors);
        var restart = spec.At("template", "spec", "restartPolicy").AsText();
        if (restart is "OnFailure" or "Never")
        {
            errors.Add(FieldError.NotSupported("spec.template.spec.restartPolicy", JsonValues.Quote(restart), ["\"Always\""]));
        }

        if (spec.At("template", "spec", "activeDeadlineSeconds") is not null)
        {
            errors.Add(FieldError.Forbidden("spec.template.spec.activeDeadlineSeconds", "activeDeadlineSeconds in " + kind + " is not Supported"));
        }
    }

    private static void Selector(string kind, JsonObject spec, JsonObject? before, List<FieldError> errors)
    {
        var selector = spec["selector"] as JsonObject;
        if (selector is null)
        {
            errors.Add(FieldError.Required("spec.selector"));
        }
        else if (selector["matchLabels"] is not JsonObject { Count: > 0 } && selector["matchExpressions"] is not JsonArray { Count: > 0 })
        {
            errors.Add(FieldError.Invalid("spec.selector", selector.Print(), $"empty selector is invalid for {kind.ToLowerInvariant()}"));
        }

        if (selector is null || !Matches(selector, spec.At("template", "metadata", "labels") as JsonObject ?? []))
        {
            errors.Add(FieldError.Invalid("spec.template.metadata.labels", spec.At("template", "metadata", "labels").Print(), "`selector` does not match template `labels`"));
        }

        if (before is not null && !spec["selector"].SameAs(before["selector"]))
        {
            errors.Add(FieldError.Invalid("spec.selector", spec["selector"].Print(), "field is immutable"));
        }
    }

    private static bool Matches(JsonObject selector, JsonObject labels)
    {
        foreach (var (key, value) in selector["matchLabels"] as JsonObject ?? [])
        {
            if (labels[key].AsText() != value.AsText())
            {
                return false;
            }
        }

        foreach (var expression in selector["matchExpressions"] as JsonArray ?? [])
        {
            var label = labels[expression?["key"].AsText() ?? ""].AsText();
            var values = (expression?["values"] as JsonArray ?? []).Select(v => v.AsText());
            var holds = expression?["operator"].AsText() switch
            {
                "In" => label is not null && values.Contains(label),
                "NotIn" => label is null || !values.Contains(label),
                "Exists" => label is not null,
                "DoesNotExist" => label is null,
                _ => false,
            };
            if (!holds)
            {
                return false;
            }
        }

        return true;
    }

    private static void Template(JsonNode? template, string path, List<FieldError> errors)
    {
        errors.AddRange(MetadataValidator.Labels(template.At("metadata", "labels"), $"{path}.metadata.labels"));
        errors.AddRange(MetadataValidator.Annotations(template.At("metadata", "annotations"), $"{path}.metadata.annotations"));
        PodRules.Validate(template.At("spec") as JsonObject ?? [], $"{path}.spec", errors);
    }

    private static void Job(JsonObject spec, JsonObject? before, string path, List<FieldError> errors)
    {
        NonNegative(spec, ["parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"], path, errors);
        Template(spec["template"], $"{path}.template", errors);
        if (spec.At("template", "spec", "restartPolicy").AsText() == "Always")
        {
            errors.Add(FieldError.Required($"{path}.template.spec.restartPolicy", "valid values: \"OnFailure\", \"Never\""));
        }

        PodFailurePolicyRules.Validate(spec, path, errors);

        if (before is null)
        {
            return;
        }

        foreach (var field in new[] { "completions", "selector", "completionMode", "podFailurePolicy", "backoffLimitPerIndex" })
        {
            if (!spec[field].SameAs(before[field]))
            {
                errors.Add(FieldError.Invalid($"{path}.{field}", spec[field].Print(), "field is immutable"));
            }
        }

        // While a job is suspended its scheduling directives may still change.
        var template = spec["template"];
        var old = before["template"];
        if (before["suspend"].IsTrue())
        {
            template = WithoutScheduling(template, old);
        }

        if (!template.SameAs(old))
        {
            errors.Add(FieldError.Invalid($"{path}.template", spec["template"].Print(), "field is immutable"));
        }
    }

    private static JsonNode? WithoutScheduling(JsonNode? template, JsonNode? old)
    {
        var copy = template?.DeepClone();
        foreach (var (parent, names) in new[] { ("metadata", new[] { "labels", "annotations" }), ("spec", new[] { "nodeSelector", "tolerations", "affinity", "schedulingGates" }) })
        {
            if (copy?[parent] is not JsonObject part)
            {
                continue;
            }

            foreach (var name in names)
            {
                part.Remove(name);
                if (old.At(parent, name) is { } value)
                {
                    part[name] = value.DeepClone();
                }
            }
        }

        return copy;
    }

    private static void CronJob(JsonObject spec, List<FieldError> errors)
    {
        if (spec["schedule"].AsText() is null or "")
        {
            errors.Add(FieldError.Required("spec.schedule"));
        }

        Job(spec.At("jobTemplate", "spec") as JsonObject ?? [], null, "spec.jobTemplate.spec", errors);
    }

    private static void NonNegative(JsonObject spec, string[] fields, string path, List<FieldError> errors)
    {
        foreach (var field in fields)
        {
            if (spec[field].AsWhole() is { } value && value < 0)
            {
                errors.Add(FieldError.Invalid($"{path}.{field}", value.ToString(CultureInfo.InvariantCulture), "must be greater than or equal to 0"));
            }
        }
    }
}
