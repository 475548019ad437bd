using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Templates;

/// <summary>
/// A pod template as it was applied, kept as a ControllerRevision named <c>service-hash</c>: what the pods are made from until the user wishes something else,
/// whatever newer code would build. The record with the highest <see cref="Number"/> is the one in use.
/// </summary>
internal sealed record TemplateRecord
{
    private const string SpecMember = "spec";
    private const string TemplateMember = "template";
    private const string WorkerMember = "workerTemplate";

    /// <summary>Of the template: the pods carry it as an annotation.</summary>
    public required string Hash { get; init; }

    /// <summary><see cref="TemplateWishes.Hash"/> of what it was made from.</summary>
    public required string Wishes { get; init; }

    /// <summary>Revision of the code that built it.</summary>
    public required string Builder { get; init; }

    /// <summary>Orders the templates of one service.</summary>
    public long Number { get; init; } = 1;

    /// <summary>Of the pod that answers requests.</summary>
    public required V1PodTemplateSpec Template { get; init; }

    /// <summary>Of the other pods of a replica that spans nodes; null: there are none.</summary>
    public V1PodTemplateSpec? WorkerTemplate { get; init; }

    /// <summary>Templates that were just built; their members get the order in which an API server gives them back, or the same template would be applied twice.</summary>
    public static TemplateRecord Of(PodTemplates templates, string wishes, string builder)
    {
        var (main, worker) = templates.Canonical();
        return new TemplateRecord
        {
            Hash = HashOf(main) ?? throw new ArgumentException("the template does not carry its hash", nameof(templates)),
            Wishes = wishes,
            Builder = builder,
            Template = main,
            WorkerTemplate = worker,
        };
    }

    /// <summary>Null where the object is no record of a template.</summary>
    public static TemplateRecord? Read(V1ControllerRevision revision)
    {
        var annotations = revision.Metadata.Annotations;
        if (annotations?.GetValueOrDefault(ServingObjectMeta.TemplateSource) is not { } wishes
            || revision.Data is not { ValueKind: JsonValueKind.Object } data
            || !data.TryGetProperty(SpecMember, out var spec)
            || spec.ValueKind != JsonValueKind.Object
            || !spec.TryGetProperty(TemplateMember, out var member))
        {
            return null;
        }

        var template = PodTemplates.FromNode(JsonNode.Parse(member.GetRawText())!);
        var worker = spec.TryGetProperty(WorkerMember, out var other) && other.ValueKind == JsonValueKind.Object ? PodTemplates.FromNode(JsonNode.Parse(other.GetRawText())!) : null;
        return HashOf(template) is not { } hash ? null : new TemplateRecord
        {
            Hash = hash,
            Wishes = wishes,
            Builder = annotations.GetValueOrDefault(ServingObjectMeta.TemplateRevision) ?? "",
            Number = revision.Revision,
            Template = template,
            WorkerTemplate = worker,
        };
    }

    public static string NameOf(V1Alpha1InferenceService service, string hash) => $"{ServingObjectMeta.NameOf(service)}-{hash}";

    /// <summary>What tells a pod of this template from others.</summary>
    public static string? HashOf(V1PodTemplateSpec? template) => template?.Metadata?.Annotations?.GetValueOrDefault(ServingObjectMeta.TemplateHash);

    /// <summary>Everything that may change later is metadata or the number: the API server refuses other data under the same name.</summary>
    public V1ControllerRevision ToObject(V1Alpha1InferenceService service)
    {
        var templates = new JsonObject { [TemplateMember] = KubernetesJson.ToNode(Template) };
        if (WorkerTemplate is not null)
        {
            templates[WorkerMember] = KubernetesJson.ToNode(WorkerTemplate);
        }

        return new V1ControllerRevision
        {
            Metadata = ServingObjectMeta.Create(service, Annotations()) with { Name = NameOf(service, Hash) },
            Data = JsonSerializer.SerializeToElement(new JsonObject { [SpecMember] = templates }),
            Revision = Number,
        };
    }

    /// <summary>Also those of the workload, so that a record that was lost can be made again from it.</summary>
    public IReadOnlyDictionary<string, string> Annotations() => new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        [ServingObjectMeta.TemplateRevision] = Builder,
        [ServingObjectMeta.TemplateSource] = Wishes,
    };
}
