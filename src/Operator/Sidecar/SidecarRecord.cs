using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.Operator.Resources;
using Octavo.Operator.Templates;

namespace Octavo.Operator.Sidecar;

/// <summary>
/// What was put into a Deployment, and what it was made from: kept on the Deployment itself, so that an operator of another release repairs what is there and
/// rolls nothing by itself.
/// </summary>
internal sealed record SidecarRecord
{
    private const string ServiceMember = "service";
    private const string WishesMember = "wishes";
    private const string BuilderMember = "builder";
    private const string TemplateMember = "template";

    /// <summary>The InferenceService.</summary>
    public required string Service { get; init; }

    /// <summary><see cref="SidecarWishes.Hash"/> of what it was made from.</summary>
    public required string Wishes { get; init; }

    /// <summary>Revision of the code that made it.</summary>
    public required string Builder { get; init; }

    /// <summary>Fields of the pod template, in canonical form, without <see cref="SidecarNames.Injected"/>.</summary>
    public required JsonObject Template { get; init; }

    /// <summary>Of <see cref="Template"/>.</summary>
    public string Hash => AppliedFields.Hash(Template);

    /// <param name="template">Fields that were just built; their members get the order in which an API server gives them back.</param>
    public static SidecarRecord Of(string service, string wishes, string builder, JsonObject template) =>
        new() { Service = service, Wishes = wishes, Builder = builder, Template = CanonicalJson.Of(template)!.AsObject() };

    /// <summary>Null where there is none, or somebody wrote something else there.</summary>
    public static SidecarRecord? Of(InjectedDeployment deployment)
    {
        if (deployment.Metadata.Annotations?.GetValueOrDefault(SidecarNames.Record) is not { } text)
        {
            return null;
        }

        try
        {
            return JsonNode.Parse(text) is JsonObject record
                && Text(record, ServiceMember) is { } service && Text(record, WishesMember) is { } wishes && Text(record, BuilderMember) is { } builder && record[TemplateMember] is JsonObject template
                ? Of(service, wishes, builder, template.DeepClone().AsObject())
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The annotation <see cref="SidecarNames.Record"/>.</summary>
    public string ToText() => new JsonObject
    {
        [ServiceMember] = Service, [WishesMember] = Wishes, [BuilderMember] = Builder, [TemplateMember] = Template.DeepClone(),
    }.ToJsonString();

    /// <summary>The fields of the pod template, with the hash.</summary>
    public JsonObject ToTemplate()
    {
        var template = Template.DeepClone().AsObject();
        template["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [SidecarNames.Injected] = Hash } };
        return template;
    }

    private static string? Text(JsonObject record, string member) => record[member] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
