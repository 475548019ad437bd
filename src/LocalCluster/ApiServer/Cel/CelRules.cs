using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.Cel;

/// <summary>The x-kubernetes-validations of a schema, parsed once, in the tree of the schema.</summary>
internal sealed class CelRules
{
    private const long ObjectBudget = 2_000_000;

    private static readonly ConditionalWeakTable<ResourceSchema, CelRules> Parsed = [];

    private readonly ResourceSchema schema;
    private readonly List<CelRule> own;
    private readonly Dictionary<string, CelRules> fields = new(StringComparer.Ordinal);
    private readonly CelRules? items;
    private readonly CelRules? values;

    private CelRules(ResourceSchema schema)
    {
        this.schema = schema;
        own = (schema.Source["x-kubernetes-validations"] as JsonArray ?? []).OfType<JsonObject>().Select(CelRule.Read).ToList();
        foreach (var (name, field) in schema.Properties)
        {
            if (!field.IsBuiltIn && new CelRules(field) is { IsEmpty: false } below)
            {
                fields[name] = below;
            }
        }

        items = schema.Items is { IsBuiltIn: false } item && new CelRules(item) is { IsEmpty: false } ofItems ? ofItems : null;
        values = schema.AdditionalProperties is { IsBuiltIn: false } value && !ReferenceEquals(value, ResourceSchema.Any) && new CelRules(value) is { IsEmpty: false } ofValues ? ofValues : null;
    }

    public bool IsEmpty => own.Count == 0 && fields.Count == 0 && items is null && values is null;

    /// <summary>The rules of a custom resource's schema.</summary>
    public static CelRules For(ResourceSchema schema) => Parsed.GetValue(schema, s => new CelRules(s));

    /// <summary>Rules that do not hold; evaluation stops where the object's budget is spent.</summary>
    public IReadOnlyList<FieldError> Validate(JsonObject obj, JsonObject? old)
    {
        var errors = new List<FieldError>();
        var budget = ObjectBudget;
        Walk(obj, old, old is not null, "", errors, ref budget);
        return errors;
    }

    private void Walk(JsonNode? value, JsonNode? old, bool hasOld, string path, List<FieldError> errors, ref long budget)
    {
        if (value is null)
        {
            return;
        }

        foreach (var rule in own)
        {
            if (rule.Rule is null || (rule.IsTransition && !hasOld && !rule.OptionalOldSelf) || (!rule.IsTransition && hasOld && value.SameAs(old)))
            {
                continue;
            }

            if (Evaluate(rule, value, old, hasOld, path, ref budget) is { } error)
            {
                errors.Add(error);
            }
        }

        switch (value)
        {
            case JsonObject obj:
                foreach (var (name, item) in obj)
                {
                    if ((fields.GetValueOrDefault(name) ?? (schema.Properties.ContainsKey(name) ? null : values)) is { } below)
                    {
                        JsonNode? before = null;
                        var known = hasOld && old is JsonObject oldObject && oldObject.TryGetPropertyValue(name, out before) && before is not null;
                        below.Walk(item, before, known, path.Length == 0 ? name : schema.Properties.ContainsKey(name) ? $"{path}.{name}" : $"{path}[{name}]", errors, ref budget);
                    }
                }

                break;
            case JsonArray list when items is not null:
                for (var i = 0; i < list.Count; i++)
                {
                    // Only items of map lists can be told apart over an update.
                    var before = hasOld && old is JsonArray oldList && schema.ListType == SchemaListType.Map ? oldList.FirstOrDefault(o => SameKeys(o, list[i])) : null;
                    items.Walk(list[i], before, before is not null, path + "[" + i.ToString(CultureInfo.InvariantCulture) + "]", errors, ref budget);
                }

                break;
        }
    }

    private bool SameKeys(JsonNode? left, JsonNode? right) => left is JsonObject a && right is JsonObject b && schema.ListMapKeys.All(k => a[k].SameAs(b[k]));

    private FieldError? Evaluate(CelRule rule, JsonNode value, JsonNode? old, bool hasOld, string path, ref long budget)
    {
        var evaluator = new CelEvaluator(budget);
        evaluator.Set("self", Self(value));
        if (rule.IsTransition)
        {
            object? before = hasOld ? Self(old!) : null;
            evaluator.Set("oldSelf", rule.OptionalOldSelf ? hasOld ? CelOptional.Of(before) : CelOptional.None : before);
        }

        try
        {
            if (evaluator.Evaluate(rule.Rule!) is true)
            {
                return null;
            }

            return Failure(rule, value, path, Message(rule, evaluator));
        }
        catch (CelException e)
        {
            return FieldError.Invalid(path.Length == 0 ? "<nil>" : path, JsonValues.Quote(schema.Type ?? ""), $"{e.Message} evaluating rule: {rule.Message ?? rule.Source}");
        }
        finally
        {
            budget = Math.Max(0, evaluator.Left);
        }
    }

    /// <summary>The value with its root's metadata reduced to what rules may see.</summary>
    private object? Self(JsonNode node)
    {
        var value = CelValues.From(node, schema);
        if (schema.Metadata is not null && value is Dictionary<object, object?> root && node["metadata"] is JsonObject metadata)
        {
            var seen = new Dictionary<object, object?>();
            foreach (var name in new[] { "name", "generateName" })
            {
                if (metadata[name].AsText() is { } text)
                {
                    seen[name] = text;
                }
            }

            root["metadata"] = seen;
        }

        return value;
    }

    private static string Message(CelRule rule, CelEvaluator evaluator)
    {
        if (rule.MessageExpression is not null)
        {
            try
            {
                // A message that cannot be made, or that says nothing, falls back to the static one.
                if (evaluator.Evaluate(rule.MessageExpression) is string { Length: > 0 } made && !made.Contains('\n', StringComparison.Ordinal) && made.Trim().Length > 0)
                {
                    return made;
                }
            }
            catch (CelException)
            {
            }
        }

        return rule.Message is { Length: > 0 } message ? message : $"failed rule: {rule.Source}";
    }

    private static FieldError Failure(CelRule rule, JsonNode value, string path, string message)
    {
        var field = path + (rule.FieldPath ?? "");
        field = field.StartsWith('.') ? field[1..] : field.Length == 0 ? "<nil>" : field;
        return rule.Reason switch
        {
            "FieldValueForbidden" => FieldError.Forbidden(field, message),
            "FieldValueRequired" => FieldError.Required(field, message),
            "FieldValueDuplicate" => FieldError.Duplicate(field, value.Print()),
            _ => value is JsonValue && rule.FieldPath is null ? FieldError.Invalid(field, value.Print(), message) : new FieldError("FieldValueInvalid", field, $"Invalid value: {message}"),
        };
    }

    /// <summary>Rules that cannot be compiled, with the path of the schema that holds them.</summary>
    public IEnumerable<(string Path, int Index, CelRule Rule, string Error)> CompileErrors(string path)
    {
        for (var i = 0; i < own.Count; i++)
        {
            var problem = own[i].Error ?? CelChecker.Check(own[i], schema);
            if (problem is not null)
            {
                yield return (path, i, own[i], Describe(own[i].Source, problem));
            }
        }

        var below = fields.Select(f => ($"{path}.properties[{f.Key}]", f.Value)).Append(($"{path}.items", items!)).Append(($"{path}.additionalProperties", values!));
        foreach (var error in below.Where(b => b.Item2 is not null).SelectMany(b => b.Item2.CompileErrors(b.Item1)))
        {
            yield return error;
        }
    }

    private static string Describe(string source, CelException problem)
    {
        var column = Math.Clamp(problem.Position, 0, source.Length);
        return string.Create(CultureInfo.InvariantCulture, $"compilation failed: ERROR: <input>:1:{column + 1}: {problem.Message}\n | {source}\n | {new string('.', column)}^");
    }
}
