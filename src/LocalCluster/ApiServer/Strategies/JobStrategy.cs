using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Resources;

namespace Octavo.LocalCluster.ApiServer.Strategies;

/// <summary>A job selects its pods by its own uid, unless it brings a selector.</summary>
internal sealed class JobStrategy : ResourceStrategy
{
    /// <summary>A job without labels shows those of its template.</summary>
    public override void Default(JsonObject value)
    {
        if (value["metadata"] is JsonObject metadata && metadata["labels"] is not JsonObject { Count: > 0 }
            && value["spec"]?["template"]?["metadata"]?["labels"] is JsonObject { Count: > 0 } labels)
        {
            metadata["labels"] = labels.DeepClone();
        }
    }

    public override void PrepareForCreate(ResourceDefinition resource, JsonObject value)
    {
        if (value["spec"] is not JsonObject spec || spec["template"] is not JsonObject template
            || (spec["manualSelector"] is JsonValue manual && manual.TryGetValue(out bool isManual) && isManual))
        {
            return;
        }

        var metadata = (JsonObject)value["metadata"]!;
        var name = metadata["name"]?.ToString() ?? "";
        var uid = metadata["uid"]?.ToString() ?? "";
        if (template["metadata"] is not JsonObject templateMetadata)
        {
            template["metadata"] = templateMetadata = [];
        }

        if (templateMetadata["labels"] is not JsonObject labels)
        {
            templateMetadata["labels"] = labels = [];
        }

        // Labels taken from the template follow it.
        var follows = metadata["labels"] is null || JsonNode.DeepEquals(metadata["labels"], labels);
        foreach (var prefix in (string[])["", "batch.kubernetes.io/"])
        {
            labels[prefix + "controller-uid"] = uid;
            labels[prefix + "job-name"] = name;
        }

        if (follows)
        {
            metadata["labels"] = labels.DeepClone();
        }

        if (spec["selector"] is not JsonObject selector)
        {
            spec["selector"] = selector = [];
        }

        if (selector["matchLabels"] is not JsonObject matchLabels)
        {
            selector["matchLabels"] = matchLabels = [];
        }

        matchLabels["batch.kubernetes.io/controller-uid"] = uid;
    }
}
