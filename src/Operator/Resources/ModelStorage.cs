using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Resources;

/// <summary>The claim that the operator makes for fetched models, where spec.storage asks for one. Pure.</summary>
internal static class ModelStorage
{
    private const string Storage = "storage";

    /// <summary>Pods name it; whether it is made, <see cref="Build"/> says.</summary>
    public static string ClaimName(V1Alpha1InferenceService service) => ServingObjectMeta.NameOf(service) + "-model";

    /// <summary>The model, on the claim that is made for it where one is; null where the URI names none.</summary>
    public static ModelSource? SourceOf(V1Alpha1InferenceService service) => ModelSource.Of(service.Spec, Build(service) is null ? null : ClaimName(service));

    /// <summary>Null: no claim is to be made.</summary>
    public static V1PersistentVolumeClaim? Build(V1Alpha1InferenceService service)
        => service.Spec.Storage is { Size: { } size } storage && (storage.StorageClassName ?? storage.AccessMode) is not null && ModelSource.Of(service.Spec)?.IsFetched == true
            ? new V1PersistentVolumeClaim
            {
                Metadata = ServingObjectMeta.Create(service) with { Name = ClaimName(service) },
                Spec = new V1PersistentVolumeClaimSpec
                {
                    AccessModes = [storage.AccessMode ?? "ReadWriteMany"],
                    StorageClassName = storage.StorageClassName,
                    Resources = new V1ResourceRequirements { Requests = new Dictionary<string, string>(StringComparer.Ordinal) { [Storage] = size.Text } },
                },
            }
            : null;

    /// <summary>What the claim that is there cannot become; null: nothing. An API server refuses such a change for ever.</summary>
    public static string? Conflict(V1PersistentVolumeClaim live, V1PersistentVolumeClaim wanted)
    {
        var (has, wants) = (live.Spec, wanted.Spec!);
        var changes = new List<string>();
        if (wants.StorageClassName is { } name && has?.StorageClassName is { } current && name != current)
        {
            changes.Add($"storageClassName is {current} and not {name}");
        }

        if (has?.AccessModes is { } modes && !modes.SequenceEqual(wants.AccessModes!, StringComparer.Ordinal))
        {
            changes.Add($"accessMode is {string.Join(',', modes)} and not {wants.AccessModes![0]}");
        }

        if (Amount(has) is { } hasSize && Amount(wants) is { } wantsSize && wantsSize < hasSize)
        {
            changes.Add($"size is {has!.Resources!.Requests![Storage]}, and a claim cannot shrink to {wants.Resources!.Requests![Storage]}");
        }

        return changes.Count == 0 ? null
            : $"PersistentVolumeClaim {live.Metadata.Name} cannot be changed: {string.Join("; ", changes)}. Set spec.storage back, or delete the claim (its models are fetched again).";
    }

    private static decimal? Amount(V1PersistentVolumeClaimSpec? spec)
        => spec?.Resources?.Requests?.GetValueOrDefault(Storage) is { } text && ResourceQuantity.TryParse(text, out var quantity) ? quantity.ToDecimal() : null;
}
