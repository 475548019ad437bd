using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>
/// Fills what the writer left out, as decoding and defaulting do in the real server. Custom resources take the defaults of their
/// schema; built-in kinds are also brought into the form that their Go structs print (<see cref="StructForm"/>) and take the
/// defaults that only the server's code has (<see cref="BuiltInDefaults"/>).
/// </summary>
internal static class Defaulter
{
    /// <summary>Changes <paramref name="obj"/> in place.</summary>
    /// <param name="schema">The schema of the object's kind and version.</param>
    public static void Apply(ResourceSchema schema, JsonObject obj)
    {
        if (!schema.IsBuiltIn)
        {
            // Defaults belong to the kind: an object of another kind is left as it is, for validation to refuse.
            if (schema.Identity is not { } identity || obj["kind"] is null || obj["kind"].AsText() == identity.Kind)
            {
                ApplyStructural(schema, obj);
            }

            return;
        }

        StructForm.Normalise(schema, obj);
        if (schema.Identity is var (group, _, kind))
        {
            BuiltInDefaults.Apply(group, kind, obj);
        }
    }

    private static void ApplyStructural(ResourceSchema schema, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject obj:
                foreach (var (name, field) in schema.Properties)
                {
                    if (field.IsBuiltIn)
                    {
                        continue;
                    }

                    if (field.HasDefault && (!obj.TryGetPropertyValue(name, out var present) || (present is null && !field.Nullable)))
                    {
                        obj[name] = field.Default;
                    }
                    else if (obj.TryGetPropertyValue(name, out var value) && value is null && !field.Nullable)
                    {
                        // A null where the schema allows none is dropped, not refused.
                        obj.Remove(name);
                    }

                    ApplyStructural(field, obj[name]);
                }

                foreach (var (name, value) in schema.AdditionalProperties is null ? [] : obj)
                {
                    if (!schema.Properties.ContainsKey(name))
                    {
                        ApplyStructural(schema.AdditionalProperties!, value);
                    }
                }

                break;
            case JsonArray list when schema.Items is { } items:
                foreach (var item in list)
                {
                    ApplyStructural(items, item);
                }

                break;
        }
    }
}
