using System.Globalization;
using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>Rules of pod specs, of pods and of templates.</summary>
internal static class PodRules
{
    public static void Validate(JsonObject spec, string path, List<FieldError> errors)
    {
        var volumes = Volumes(spec["volumes"] as JsonArray ?? [], $"{path}.volumes", errors);
        var names = new HashSet<string>(StringComparer.Ordinal);
        var containers = spec["containers"] as JsonArray ?? [];
        if (containers.Count == 0)
        {
            errors.Add(FieldError.Required($"{path}.containers"));
        }

        Containers(containers, $"{path}.containers", names, volumes, errors);
        Containers(spec["initContainers"] as JsonArray ?? [], $"{path}.initContainers", names, volumes, errors);
        if (spec["terminationGracePeriodSeconds"].AsWhole() is { } grace && grace < 0)
        {
            errors.Add(FieldError.Invalid($"{path}.terminationGracePeriodSeconds", Number(grace), "must be greater than or equal to 0"));
        }

        if (spec["activeDeadlineSeconds"].AsWhole() is { } deadline && deadline < 1)
        {
            errors.Add(FieldError.Invalid($"{path}.activeDeadlineSeconds", Number(deadline), "must be between 1 and 2147483647, inclusive"));
        }

        if (spec["serviceAccountName"].AsText() is { Length: > 0 } account)
        {
            errors.AddRange(NameRules.SubdomainErrors(account).Select(e => FieldError.Invalid($"{path}.serviceAccountName", JsonValues.Quote(account), e)));
        }

        foreach (var field in new[] { "hostname", "subdomain" })
        {
            if (spec[field].AsText() is { Length: > 0 } name)
            {
                errors.AddRange(NameRules.LabelErrors(name).Select(e => FieldError.Invalid($"{path}.{field}", JsonValues.Quote(name), e)));
            }
        }

        errors.AddRange(MetadataValidator.Labels(spec["nodeSelector"], $"{path}.nodeSelector"));
    }

    /// <summary>What may change in a pod that exists: images, the deadline, added tolerations, and what the binding and gates set.</summary>
    public static void ValidateUpdate(JsonObject obj, JsonObject old, List<FieldError> errors)
    {
        var before = Fixed(old["spec"]);
        var after = Fixed(obj["spec"]);
        var tolerations = (obj.At("spec", "tolerations") as JsonArray ?? []).Select(t => t.Print()).ToHashSet(StringComparer.Ordinal);
        var kept = (old.At("spec", "tolerations") as JsonArray ?? []).All(t => tolerations.Contains(t.Print()));
        if (!before.SameAs(after) || !kept)
        {
            errors.Add(FieldError.Forbidden("spec", "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"));
        }
    }

    private static JsonNode? Fixed(JsonNode? spec)
    {
        var copy = spec?.DeepClone() as JsonObject;
        foreach (var field in new[] { "activeDeadlineSeconds", "tolerations", "schedulingGates", "ephemeralContainers", "terminationGracePeriodSeconds" })
        {
            copy?.Remove(field);
        }

        foreach (var container in new[] { "containers", "initContainers" }.SelectMany(l => copy?[l] as JsonArray ?? []).OfType<JsonObject>())
        {
            container.Remove("image");
        }

        return copy;
    }

    private static HashSet<string> Volumes(JsonArray volumes, string path, List<FieldError> errors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < volumes.Count; i++)
        {
            var place = Item(path, i);
            var name = volumes[i]?["name"].AsText() ?? "";
            if (name.Length == 0)
            {
                errors.Add(FieldError.Required($"{place}.name"));
            }
            else
            {
                errors.AddRange(NameRules.LabelErrors(name).Select(e => FieldError.Invalid($"{place}.name", JsonValues.Quote(name), e)));
                if (!names.Add(name))
                {
                    errors.Add(FieldError.Duplicate($"{place}.name", JsonValues.Quote(name)));
                }
            }

            if (volumes[i] is JsonObject { Count: > 2 })
            {
                errors.Add(FieldError.Forbidden(place, "may not specify more than 1 volume type"));
            }

            if (volumes[i].At("hostPath") is JsonObject host && host["path"].AsText() is null or "")
            {
                errors.Add(FieldError.Required($"{place}.hostPath.path"));
            }

            if (volumes[i].At("persistentVolumeClaim") is JsonObject claim && claim["claimName"].AsText() is null or "")
            {
                errors.Add(FieldError.Required($"{place}.persistentVolumeClaim.claimName"));
            }
        }

        return names;
    }

    private static void Containers(JsonArray containers, string path, HashSet<string> names, HashSet<string> volumes, List<FieldError> errors)
    {
        for (var i = 0; i < containers.Count; i++)
        {
            var place = Item(path, i);
            var container = containers[i] as JsonObject ?? [];
            var name = container["name"].AsText() ?? "";
            if (name.Length == 0)
            {
                errors.Add(FieldError.Required($"{place}.name"));
            }
            else
            {
                errors.AddRange(NameRules.LabelErrors(name).Select(e => FieldError.Invalid($"{place}.name", JsonValues.Quote(name), e)));
                if (!names.Add(name))
                {
                    errors.Add(FieldError.Duplicate($"{place}.name", JsonValues.Quote(name)));
                }
            }

            var image = container["image"].AsText() ?? "";
            if (image.Length == 0)
            {
                errors.Add(FieldError.Required($"{place}.image"));
            }
            else if (image != image.Trim())
            {
                errors.Add(FieldError.Invalid($"{place}.image", JsonValues.Quote(image), "must not have leading or trailing whitespace"));
            }

            ContainerRules.Validate(container, place, volumes, errors);
        }
    }

    private static string Item(string path, int index) => path + "[" + index.ToString(CultureInfo.InvariantCulture) + "]";

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
