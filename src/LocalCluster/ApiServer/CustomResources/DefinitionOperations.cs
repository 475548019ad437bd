using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.CustomResources;

/// <summary>One operation of a custom resource's paths. kubectl looks here for the query parameters that it may send.</summary>
internal static class DefinitionOperations
{
    public static JsonObject Build(string action, string verb, string answer, string? body, JsonObject identity, string[] patchTypes, string[] answerTypes)
    {
        var operation = new JsonObject { ["x-kubernetes-action"] = action, ["x-kubernetes-group-version-kind"] = identity };
        var parameters = verb switch
        {
            "post" or "put" => new[] { "dryRun", "fieldManager", "fieldValidation" },
            "patch" => ["dryRun", "fieldManager", "fieldValidation", "force"],
            "delete" => ["dryRun", "gracePeriodSeconds", "propagationPolicy"],
            _ when action == "list" => ["allowWatchBookmarks", "continue", "fieldSelector", "labelSelector", "limit", "resourceVersion", "resourceVersionMatch", "sendInitialEvents", "timeoutSeconds", "watch"],
            _ => ["resourceVersion"],
        };
        operation["parameters"] = new JsonArray(parameters.Select(p => (JsonNode)new JsonObject
        {
            ["name"] = p,
            ["in"] = "query",
            ["schema"] = new JsonObject
            {
                ["type"] = p switch
                {
                    "force" or "watch" or "allowWatchBookmarks" or "sendInitialEvents" => "boolean",
                    "limit" or "timeoutSeconds" or "gracePeriodSeconds" => "integer",
                    _ => "string",
                },
                ["uniqueItems"] = true,
            },
        }).ToArray());
        if (body is not null)
        {
            operation["requestBody"] = new JsonObject { ["content"] = Content(verb == "patch" ? patchTypes : answerTypes, body), ["required"] = verb != "delete" };
        }

        var responses = new JsonObject { ["200"] = new JsonObject { ["description"] = "OK", ["content"] = Content(answerTypes, answer) } };
        if (verb is "post" or "put" or "patch")
        {
            responses["201"] = responses["200"]!.DeepClone();
            responses["201"]!["description"] = "Created";
        }

        responses["401"] = new JsonObject { ["description"] = "Unauthorized" };
        operation["responses"] = responses;
        return operation;
    }

    private static JsonObject Content(string[] types, string reference)
    {
        var content = new JsonObject();
        foreach (var type in types)
        {
            content[type] = new JsonObject { ["schema"] = new JsonObject { ["$ref"] = reference } };
        }

        return content;
    }
}
