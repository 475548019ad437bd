using System.Globalization;
using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>The rules that single kinds have beyond their schema. Workloads, pods and services have files of their own.</summary>
internal static class BuiltInRules
{
    private const int MaximumDataBytes = 1024 * 1024;

    private static readonly Dictionary<string, string[]> SecretKeys = new(StringComparer.Ordinal)
    {
        ["kubernetes.io/tls"] = ["tls.crt", "tls.key"],
        ["kubernetes.io/dockerconfigjson"] = [".dockerconfigjson"],
        ["kubernetes.io/dockercfg"] = [".dockercfg"],
        ["kubernetes.io/ssh-auth"] = ["ssh-privatekey"],
    };

    public static IReadOnlyList<FieldError> Validate(string kind, JsonObject obj, JsonObject? old)
    {
        var errors = new List<FieldError>();
        switch (kind)
        {
            case "Pod":
                PodRules.Validate(obj["spec"] as JsonObject ?? [], "spec", errors);
                if (old is not null)
                {
                    PodRules.ValidateUpdate(obj, old, errors);
                }

                break;
            case "Deployment" or "ReplicaSet" or "StatefulSet" or "DaemonSet" or "Job" or "CronJob":
                WorkloadRules.Validate(kind, obj, old, errors);
                break;
            case "Service":
                ServiceRules.Validate(obj, old, errors);
                break;
            case "ConfigMap":
                Config(obj, old, errors);
                break;
            case "Secret":
                Secret(obj, old, errors);
                break;
            case "Lease":
                Lease(obj["spec"] as JsonObject ?? [], errors);
                break;
            case "RoleBinding" or "ClusterRoleBinding" when old is not null && !obj["roleRef"].SameAs(old["roleRef"]):
                errors.Add(FieldError.Invalid("roleRef", obj["roleRef"].Print(), "cannot change roleRef"));
                break;
            case "Event":
                EventRules.Validate(obj, old, errors);
                break;
            case "ValidatingWebhookConfiguration" or "MutatingWebhookConfiguration":
                WebhookRules.Validate(obj, kind == "MutatingWebhookConfiguration", errors);
                break;
            case "PersistentVolumeClaim":
                Claim(obj["spec"] as JsonObject ?? [], errors);
                break;
        }

        return errors;
    }

    private static void Config(JsonObject obj, JsonObject? old, List<FieldError> errors)
    {
        var data = obj["data"] as JsonObject ?? [];
        var binary = obj["binaryData"] as JsonObject ?? [];
        foreach (var (key, _) in data)
        {
            Key("data", key, errors);
            if (binary.ContainsKey(key))
            {
                errors.Add(FieldError.Invalid($"data[{key}]", JsonValues.Quote(key), "duplicate of key present in binaryData"));
            }
        }

        foreach (var (key, _) in binary)
        {
            Key("binaryData", key, errors);
        }

        if (data.Concat(binary).Sum(p => p.Value.AsText()?.Length ?? 0) > MaximumDataBytes)
        {
            errors.Add(FieldError.TooLong("[]", MaximumDataBytes));
        }

        Immutable(obj, old, ["data", "binaryData"], errors);
    }

    private static void Secret(JsonObject obj, JsonObject? old, List<FieldError> errors)
    {
        var data = obj["data"] as JsonObject ?? [];
        foreach (var (key, _) in data)
        {
            Key("data", key, errors);
        }

        var type = obj["type"].AsText() ?? "";
        foreach (var key in SecretKeys.GetValueOrDefault(type) ?? [])
        {
            if (!data.ContainsKey(key))
            {
                errors.Add(FieldError.Required($"data[{key}]"));
            }
        }

        if (type == "kubernetes.io/basic-auth" && !data.ContainsKey("username") && !data.ContainsKey("password"))
        {
            errors.Add(FieldError.Required("data[username]"));
            errors.Add(FieldError.Required("data[password]"));
        }

        if (data.Sum(p => p.Value.AsText()?.Length ?? 0) > MaximumDataBytes / 3 * 4)
        {
            errors.Add(FieldError.TooLong("data", MaximumDataBytes));
        }

        if (old is not null && !obj["type"].SameAs(old["type"]))
        {
            errors.Add(FieldError.Invalid("type", obj["type"].Print(), "field is immutable"));
        }

        Immutable(obj, old, ["data"], errors);
    }

    private static void Key(string field, string key, List<FieldError> errors) =>
        errors.AddRange(NameRules.ConfigKeyErrors(key).Select(e => FieldError.Invalid($"{field}[{key}]", JsonValues.Quote(key), e)));

    private static void Immutable(JsonObject obj, JsonObject? old, string[] fields, List<FieldError> errors)
    {
        if (old is null || !old["immutable"].IsTrue())
        {
            return;
        }

        const string Sentence = "field is immutable when `immutable` is set";
        if (!obj["immutable"].IsTrue())
        {
            errors.Add(FieldError.Forbidden("immutable", Sentence));
        }

        errors.AddRange(fields.Where(f => !obj[f].SameAs(old[f])).Select(f => FieldError.Forbidden(f, Sentence)));
    }

    private static void Lease(JsonObject spec, List<FieldError> errors)
    {
        if (spec["leaseDurationSeconds"].AsWhole() is { } duration && duration <= 0)
        {
            errors.Add(FieldError.Invalid("spec.leaseDurationSeconds", duration.ToString(CultureInfo.InvariantCulture), "must be greater than 0"));
        }

        if (spec["leaseTransitions"].AsWhole() is { } transitions && transitions < 0)
        {
            errors.Add(FieldError.Invalid("spec.leaseTransitions", transitions.ToString(CultureInfo.InvariantCulture), "must be greater than or equal to 0"));
        }
    }

    private static void Claim(JsonObject spec, List<FieldError> errors)
    {
        if (spec["accessModes"] is not JsonArray { Count: > 0 })
        {
            errors.Add(FieldError.Required("spec.accessModes", "at least 1 access mode is required"));
        }

        if (spec.At("resources", "requests", "storage") is null)
        {
            errors.Add(FieldError.Required("spec.resources[storage]"));
        }
    }
}
