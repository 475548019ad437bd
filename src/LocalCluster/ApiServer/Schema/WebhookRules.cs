using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Octavo.LocalCluster.ApiServer.Cel;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>Rules of webhook configurations.</summary>
internal static partial class WebhookRules
{
    private const string UrlForm = "desired format: https://host[/path]";
    private static readonly string[] Operations = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
    private static readonly string[] ReviewVersions = ["v1", "v1beta1"];

    public static void Validate(JsonObject configuration, bool isMutating, List<FieldError> errors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var index = 0;
        foreach (var webhook in (configuration["webhooks"] as JsonArray ?? []).OfType<JsonObject>())
        {
            var field = $"webhooks[{index++}]";
            Name(webhook["name"].AsText() ?? "", field, names, errors);
            Rules(webhook["rules"] as JsonArray ?? [], field, errors);
            Choice(webhook, "failurePolicy", ["Fail", "Ignore"], field, errors);
            Choice(webhook, "matchPolicy", ["Equivalent", "Exact"], field, errors);
            SideEffects(webhook, field, errors);
            if (webhook["timeoutSeconds"].AsWhole() is { } seconds and not (>= 1 and <= 30))
            {
                errors.Add(FieldError.Invalid($"{field}.timeoutSeconds", $"{seconds}", "the timeout value must be between 1 and 30 seconds"));
            }

            if (isMutating)
            {
                Choice(webhook, "reinvocationPolicy", ["IfNeeded", "Never"], field, errors);
            }

            Client(webhook["clientConfig"] as JsonObject ?? [], $"{field}.clientConfig", errors);
            Conditions(webhook["matchConditions"] as JsonArray ?? [], $"{field}.matchConditions", errors);
            Versions(webhook["admissionReviewVersions"] as JsonArray ?? [], $"{field}.admissionReviewVersions", errors);
        }
    }

    private static void Name(string name, string field, HashSet<string> names, List<FieldError> errors)
    {
        if (name.Length == 0)
        {
            errors.Add(FieldError.Required($"{field}.name"));
        }
        else if (!DomainName().IsMatch(name))
        {
            errors.Add(FieldError.Invalid($"{field}.name", JsonValues.Quote(name), "should be a domain with at least three segments separated by dots"));
        }
        else if (!names.Add(name))
        {
            errors.Add(FieldError.Duplicate($"{field}.name", JsonValues.Quote(name)));
        }
    }

    private static void Rules(JsonArray rules, string field, List<FieldError> errors)
    {
        for (var i = 0; i < rules.Count; i++)
        {
            if (rules[i] is not JsonObject rule)
            {
                continue;
            }

            var at = $"{field}.rules[{i}]";
            Listed(rule, "apiGroups", "if '*' is present, must not specify other API groups", at, errors);
            Listed(rule, "apiVersions", "if '*' is present, must not specify other API versions", at, errors);
            if (Texts(rule["resources"]).Count == 0)
            {
                errors.Add(FieldError.Required($"{at}.resources"));
            }

            var operations = Texts(rule["operations"]);
            Listed(rule, "operations", "if '*' is present, must not specify other operations", at, errors);
            for (var j = 0; j < operations.Count; j++)
            {
                if (!Operations.Contains(operations[j]))
                {
                    errors.Add(FieldError.NotSupported($"{at}.operations[{j}]", JsonValues.Quote(operations[j]), Operations.Select(JsonValues.Quote)));
                }
            }

            Choice(rule, "scope", ["*", "Cluster", "Namespaced"], at, errors);
        }
    }

    private static void Listed(JsonObject rule, string name, string alone, string field, List<FieldError> errors)
    {
        var values = Texts(rule[name]);
        if (values.Count == 0)
        {
            errors.Add(FieldError.Required($"{field}.{name}"));
        }
        else if (values.Count > 1 && values.Contains("*"))
        {
            errors.Add(FieldError.Invalid($"{field}.{name}", $"[{string.Join(',', values.Select(JsonValues.Quote))}]", alone));
        }
    }

    private static void SideEffects(JsonObject webhook, string field, List<FieldError> errors)
    {
        if (webhook["sideEffects"].AsText() is null)
        {
            errors.Add(FieldError.Required($"{field}.sideEffects", "must specify one of None, NoneOnDryRun"));
        }
        else
        {
            Choice(webhook, "sideEffects", ["None", "NoneOnDryRun"], field, errors);
        }
    }

    private static void Choice(JsonObject owner, string name, string[] allowed, string field, List<FieldError> errors)
    {
        if (owner[name].AsText() is { } value && !allowed.Contains(value))
        {
            errors.Add(FieldError.NotSupported($"{field}.{name}", JsonValues.Quote(value), allowed.Select(JsonValues.Quote)));
        }
    }

    private static void Client(JsonObject client, string field, List<FieldError> errors)
    {
        var (url, service) = (client["url"].AsText(), client["service"] as JsonObject);
        if (url is null == service is null)
        {
            errors.Add(FieldError.Required(field, "exactly one of url or service is required"));
        }
        else if (url is not null)
        {
            Url(url, $"{field}.url", errors);
        }
        else
        {
            Service(service!, $"{field}.service", errors);
        }
    }

    private static void Url(string url, string field, List<FieldError> errors)
    {
        if (!Uri.TryCreate(url, UriKind.RelativeOrAbsolute, out var uri))
        {
            errors.Add(FieldError.Required(field, $"url must be a valid URL: parse {JsonValues.Quote(url)}; {UrlForm}"));
            return;
        }

        var scheme = uri.IsAbsoluteUri ? uri.Scheme : "";
        if (scheme != "https")
        {
            errors.Add(FieldError.Invalid(field, JsonValues.Quote(scheme), $"'https' is the only allowed URL scheme; {UrlForm}"));
        }

        if (!uri.IsAbsoluteUri)
        {
            errors.Add(FieldError.Invalid(field, "\"\"", $"host must be specified; {UrlForm}"));
            return;
        }

        Absent(uri.UserInfo, "user information is not permitted in the URL");
        Absent(uri.Fragment.TrimStart('#'), "fragments are not permitted in the URL");
        Absent(uri.Query.TrimStart('?'), "query parameters are not permitted in the URL");

        void Absent(string part, string why)
        {
            if (part.Length > 0)
            {
                errors.Add(FieldError.Invalid(field, JsonValues.Quote(part), $"{why}; {UrlForm}"));
            }
        }
    }

    private static void Service(JsonObject service, string field, List<FieldError> errors)
    {
        if (string.IsNullOrEmpty(service["name"].AsText()))
        {
            errors.Add(FieldError.Required($"{field}.name", "service name is required"));
        }

        if (string.IsNullOrEmpty(service["namespace"].AsText()))
        {
            errors.Add(FieldError.Required($"{field}.namespace", "service namespace is required"));
        }

        if (service["port"].AsWhole() is { } port and not (>= 1 and <= 65535))
        {
            errors.Add(FieldError.Invalid($"{field}.port", $"{port}", "port is not valid: must be between 1 and 65535, inclusive"));
        }

        if (service["path"].AsText() is { Length: > 0 } path && !path.StartsWith('/'))
        {
            errors.Add(FieldError.Invalid($"{field}.path", JsonValues.Quote(path), "must start with a '/'"));
        }
    }

    private static void Conditions(JsonArray conditions, string field, List<FieldError> errors)
    {
        for (var i = 0; i < conditions.Count; i++)
        {
            var expression = conditions[i]?["expression"].AsText() ?? "";
            if (expression.Length == 0)
            {
                errors.Add(FieldError.Required($"{field}[{i}].expression"));
                continue;
            }

            try
            {
                CelParser.Parse(expression);
            }
            catch (CelException error)
            {
                errors.Add(FieldError.Invalid($"{field}[{i}].expression", JsonValues.Quote(expression), $"compilation failed: {error.Message}"));
            }
        }
    }

    private static void Versions(JsonArray versions, string field, List<FieldError> errors)
    {
        if (!Texts(versions).Any(ReviewVersions.Contains))
        {
            errors.Add(FieldError.Required(field, "must specify one of v1, v1beta1"));
        }
    }

    private static List<string> Texts(JsonNode? list) => [.. (list as JsonArray ?? []).Select(t => t?.ToString() ?? "")];

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?){2,}$", RegexOptions.None, 1000)]
    private static partial Regex DomainName();
}
