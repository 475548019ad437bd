using System.Globalization;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.ServingContract;

namespace Octavo.Operator.Resources;

/// <summary>What a model URI means for the pods: the path that is served, how it is made present, and on which volume. Pure.</summary>
internal sealed record ModelSource
{
    /// <summary>Value of spec.storage.fill.</summary>
    public const string FillByJob = "Job";

    private const string VolumeName = "model";
    private const string FileScheme = "file://";
    private const string ClaimScheme = "pvc://";
    private const string ImageScheme = "image://";
    private static readonly string[] RemoteSchemes = ["hf://", "s3://", "gs://", "https://", "oci://"];

    /// <summary>The model's folder in the containers.</summary>
    public required string Path { get; init; }

    /// <summary>Arguments of the init container.</summary>
    public required IReadOnlyList<string> FetchArguments { get; init; }

    /// <summary>The volume that the model lies on; null: the image.</summary>
    public V1Volume? Volume { get; init; }

    private string? MountPath { get; init; }

    /// <summary>Whether the model comes from elsewhere, onto the volume.</summary>
    public bool IsFetched { get; private init; }

    /// <summary>Arguments of the Job that fetches; null: the init container does, or nothing is fetched.</summary>
    public IReadOnlyList<string>? FillArguments { get; private init; }

    /// <summary>A Job fetches, and the init container only looks whether the model is there.</summary>
    public bool IsFilledByJob => FillArguments is not null;

    /// <summary>Whether the container that these arguments are for writes to the volume: what it fetches.</summary>
    public bool IsWritten => IsFetched && !IsFilledByJob;

    /// <summary>The claim that the model lies on; null: it lies elsewhere.</summary>
    public string? Claim => Volume?.PersistentVolumeClaim?.ClaimName;

    /// <summary>Null where the URI names no model.</summary>
    /// <param name="spec">The service's.</param>
    /// <param name="ownClaim">The claim that the operator makes for it, if it makes one.</param>
    public static ModelSource? Of(InferenceServiceSpec spec, string? ownClaim = null)
    {
        var model = spec.Model;
        IReadOnlyList<string> digest =
        [
            .. model.Sha256 is { } sha256 ? [FetchFlags.Sha256, sha256] : Array.Empty<string>(),
            .. spec.Runtime?.Engine?.SkipTokenizerInit == true ? [FetchFlags.SkipTokenizerInit] : Array.Empty<string>(),
        ];
        if (model.Uri.StartsWith(FileScheme + "/", StringComparison.Ordinal) && model.Uri.Length > FileScheme.Length + 1)
        {
            return new ModelSource { Path = Uri.UnescapeDataString(model.Uri[FileScheme.Length..]), FetchArguments = [FetchFlags.Verb, FetchFlags.Uri, model.Uri, .. digest] };
        }

        if (model.Uri.StartsWith(ClaimScheme, StringComparison.Ordinal))
        {
            return OfClaim(model.Uri[ClaimScheme.Length..], digest);
        }

        if (model.Uri.StartsWith(ImageScheme, StringComparison.Ordinal))
        {
            return OfImage(model.Uri[ImageScheme.Length..], spec.Runtime?.ImagePullPolicy, digest);
        }

        if (!RemoteSchemes.Any(s => model.Uri.StartsWith(s, StringComparison.Ordinal) && model.Uri.Length > s.Length && model.Uri[s.Length] != '/'))
        {
            return null;
        }

        IReadOnlyList<string> find = [FetchFlags.Verb, FetchFlags.Uri, model.Uri, FetchFlags.CacheDirectory, ModelCachePath.MountPath, .. digest];
        IReadOnlyList<string> fetch = [.. find, .. Deadline(spec)];
        var claim = spec.Storage?.ClaimName ?? ownClaim;
        var isFilled = claim is not null && spec.Storage?.Fill is FillByJob;
        return new ModelSource
        {
            Path = $"{ModelCachePath.MountPath}/{ModelCachePath.EntryName(model.Uri, model.Sha256)}",
            FetchArguments = isFilled ? [.. find, FetchFlags.CheckOnly] : fetch,
            FillArguments = isFilled ? fetch : null,
            Volume = claim is not null
                ? new V1Volume { Name = VolumeName, PersistentVolumeClaim = new V1PersistentVolumeClaimVolumeSource { ClaimName = claim } }
                : new V1Volume { Name = VolumeName, EmptyDir = new V1EmptyDirVolumeSource { SizeLimit = spec.Storage?.Size?.Text } },
            MountPath = ModelCachePath.MountPath,
            IsFetched = true,
        };
    }

    /// <summary>As the Job sees it, which fetches.</summary>
    public ModelSource ForJob() => this with { FetchArguments = FillArguments ?? throw new InvalidOperationException("no Job fetches this model"), FillArguments = null };

    /// <summary>Why <see cref="Of"/> is null: what the scheme wants.</summary>
    public static string Explain(string uri)
    {
        var scheme = uri.IndexOf("://", StringComparison.Ordinal) is > 0 and var end ? uri[..end] : uri;
        return $"The URI {uri} names no model: the scheme {scheme} is written {scheme switch { "file" => "file:///absolute/path", "pvc" => "pvc://claim/path", _ => $"{scheme}://place/name" }}.";
    }

    /// <summary>The mount in the init container, which writes what it fetches, or in the runtime, which never does.</summary>
    public V1VolumeMount? Mount(bool forFetch) =>
        MountPath is null ? null : new V1VolumeMount { Name = VolumeName, MountPath = MountPath, ReadOnly = forFetch && IsWritten ? null : true };

    private static IReadOnlyList<string> Deadline(InferenceServiceSpec spec) =>
        spec.Storage?.DeadlineSeconds is { } seconds ? [FetchFlags.Deadline, seconds.ToString(CultureInfo.InvariantCulture)] : [];

    /// <summary>The kubelet pulls the image as it does a container's, and mounts its files, which nobody can write.</summary>
    private static ModelSource? OfImage(string reference, string? pullPolicy, IReadOnlyList<string> digest) => reference.Length == 0 || reference.StartsWith('/') ? null : new ModelSource
    {
        Path = ModelCachePath.ClaimMountPath,
        FetchArguments = [FetchFlags.Verb, FetchFlags.Uri, FileScheme + ModelCachePath.ClaimMountPath, .. digest],
        Volume = new V1Volume { Name = VolumeName, Image = new V1ImageVolumeSource { Reference = reference, PullPolicy = pullPolicy } },
        MountPath = ModelCachePath.ClaimMountPath,
    };

    private static ModelSource? OfClaim(string rest, IReadOnlyList<string> digest)
    {
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var claim = slash < 0 ? rest : rest[..slash];
        var path = slash < 0 ? "" : Uri.UnescapeDataString(rest[slash..]).TrimEnd('/');
        if (claim.Length is 0 or > 253 || claim.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c is not ('-' or '.')) || path.Split('/').Contains(".."))
        {
            return null;
        }

        return new ModelSource
        {
            Path = ModelCachePath.ClaimMountPath + path,
            FetchArguments = [FetchFlags.Verb, FetchFlags.Uri, FileScheme + ModelCachePath.ClaimMountPath + string.Join('/', path.Split('/').Select(Uri.EscapeDataString)), .. digest],
            Volume = new V1Volume { Name = VolumeName, PersistentVolumeClaim = new V1PersistentVolumeClaimVolumeSource { ClaimName = claim, ReadOnly = true } },
            MountPath = ModelCachePath.ClaimMountPath,
        };
    }
}
