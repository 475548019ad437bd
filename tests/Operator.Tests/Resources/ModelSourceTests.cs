using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.ServingContract;

namespace Octavo.Operator.Tests.Resources;

public sealed class ModelSourceTests
{
    private static readonly string Digest = new('a', 64);

    [Theory]
    [InlineData("file:///models/tiny", "/models/tiny")]
    [InlineData("file:///models/my%20model", "/models/my model")]
    [InlineData("pvc://claim/a/b%20c/", "/var/lib/octavo/models/a/b c")]
    [InlineData("pvc://claim", "/var/lib/octavo/models")]
    [InlineData("image://registry/repository:tag", "/var/lib/octavo/models")]
    [InlineData("image://", null)]
    [InlineData("image:///path", null)]
    [InlineData("file:///", null)]
    [InlineData("file://host/path", null)]
    [InlineData("pvc:///path", null)]
    [InlineData("pvc://claim/../other", null)]
    [InlineData("hf://", null)]
    [InlineData("ftp://host/path", null)]
    public void Of_Uri_HasThePathThatIsServed(string uri, string? path) => (ModelSource.Of(Spec(uri))?.Path).Should().Be(path);

    [Theory]
    [InlineData("hf://org/name@main")]
    [InlineData("s3://bucket/prefix")]
    [InlineData("gs://bucket/prefix")]
    [InlineData("https://host/folder/")]
    [InlineData("oci://registry/repository:tag")]
    public void Build_RemoteModel_IsFetchedIntoTheCacheAndServedFromThere(string uri)
    {
        var pod = Pod(Spec(uri));

        var entry = $"{ModelCachePath.MountPath}/{ModelCachePath.EntryName(uri, null)}";
        pod.InitContainers!.Single().Args.Should().Equal("fetch", "--uri", uri, "--cache-dir", ModelCachePath.MountPath);
        pod.Containers!.Single().Args.Should().StartWith(["--model", entry]);
        pod.Volumes.Should().ContainSingle(v => v.Name == "model" && v.EmptyDir != null);
        Mount(pod.InitContainers!.Single()).ReadOnly.Should().BeNull();
        Mount(pod.Containers!.Single()).ReadOnly.Should().BeTrue();
    }

    [Fact]
    public void Build_ImageModel_IsMountedAndCheckedAndNothingIsFetched()
    {
        var pod = Pod(Spec("image://registry:5000/org/model@sha256:abc") with { Runtime = new RuntimeSpec { ImagePullPolicy = "Always" } });

        pod.Volumes!.Single(v => v.Name == "model").Image.Should().Be(new V1ImageVolumeSource { Reference = "registry:5000/org/model@sha256:abc", PullPolicy = "Always" });
        pod.InitContainers!.Single().Args.Should().Equal("fetch", "--uri", "file:///var/lib/octavo/models");
        pod.Containers!.Single().Args.Should().StartWith(["--model", "/var/lib/octavo/models"]);
        Mount(pod.InitContainers!.Single()).ReadOnly.Should().BeTrue();
    }

    [Theory]
    [InlineData("hf://org/name", true)]
    [InlineData("pvc://claim/path", false)]
    public void Build_Deadline_IsTheFetchs(string uri, bool isFetched) => string.Join(' ', Pod(Spec(uri) with { Storage = new StorageSpec { DeadlineSeconds = 600 } }).InitContainers!.Single().Args!)
        .Contains("--deadline 600", StringComparison.Ordinal).Should().Be(isFetched);

    [Fact]
    public void Build_SkipTokenizerInit_IsTheFetchsAndTheServers()
    {
        var pod = Pod(Spec("hf://org/name") with { Runtime = new RuntimeSpec { Engine = new EngineSpec { SkipTokenizerInit = true } } });

        pod.InitContainers!.Single().Args.Should().Contain("--skip-tokenizer-init");
        pod.Containers!.Single().Args.Should().Contain("--skip-tokenizer-init");
        Pod(Spec("hf://org/name")).InitContainers!.Single().Args.Should().NotContain("--skip-tokenizer-init");
    }

    [Fact]
    public void Build_Storage_IsTheClaimOrBoundsTheNodesDisk()
    {
        var shared = Pod(Spec("hf://org/name") with { Storage = new StorageSpec { ClaimName = "models" } });
        var bounded = Pod(Spec("hf://org/name") with { Storage = new StorageSpec { Size = new WrittenQuantity("50Gi") } });

        shared.Volumes!.Single(v => v.Name == "model").PersistentVolumeClaim.Should().BeEquivalentTo(new { ClaimName = "models", ReadOnly = (bool?)null });
        bounded.Volumes!.Single(v => v.Name == "model").EmptyDir!.SizeLimit.Should().Be("50Gi");
    }

    [Fact]
    public void Build_Claim_IsMountedReadOnlyAndCheckedThere()
    {
        var pod = Pod(Spec("pvc://claim/my model") with { Storage = new StorageSpec { ClaimName = "other" } });

        pod.InitContainers!.Single().Args.Should().Equal("fetch", "--uri", "file:///var/lib/octavo/models/my%20model");
        pod.Containers!.Single().Args.Should().StartWith(["--model", "/var/lib/octavo/models/my model"]);
        pod.Volumes!.Single(v => v.Name == "model").PersistentVolumeClaim.Should().BeEquivalentTo(new { ClaimName = "claim", ReadOnly = true });
        pod.InitContainers!.Concat(pod.Containers!).Should().OnlyContain(c => Mount(c).ReadOnly == true);
    }

    [Fact]
    public void Build_Secret_IsTheFetchsAlone()
    {
        var spec = Spec("s3://bucket/prefix");

        var pod = Pod(spec with { Model = spec.Model with { SecretRef = new LocalObjectReferenceSpec { Name = "s3" } } });

        pod.InitContainers!.Single().EnvFrom.Should().ContainSingle().Which.SecretRef!.Name.Should().Be("s3");
        pod.Containers!.Single().EnvFrom.Should().BeNull();
    }

    [Fact]
    public void Build_Digest_IsCheckedAndNamesAnotherEntry()
    {
        var spec = Spec("hf://org/name");

        var pod = Pod(spec with { Model = spec.Model with { Sha256 = Digest } });

        pod.InitContainers!.Single().Args.Should().EndWith(["--sha256", Digest]);
        pod.Containers!.Single().Args![1].Should().EndWith(ModelCachePath.EntryName("hf://org/name", Digest)).And.NotEndWith(ModelCachePath.EntryName("hf://org/name", null));
    }

    [Theory]
    [InlineData("hf://Qwen/Qwen3-8B", "Qwen3-8B-")]
    [InlineData("hf://org/name@refs%2Fpr%2F1", "name-refs-2Fpr-2F1-")]
    [InlineData("https://host/folder/?signature=secret", "folder-")]
    [InlineData("s3://bucket/..", "model-")]
    public void EntryName_Uri_IsReadableAndHoldsNoSecret(string uri, string begin) =>
        ModelCachePath.EntryName(uri, null).Should().StartWith(begin).And.MatchRegex("^[A-Za-z0-9._-]+-[0-9a-f]{20}$").And.NotContain("secret");

    private static V1VolumeMount Mount(V1Container container) => container.VolumeMounts!.Single(m => m.Name == "model");

    private static InferenceServiceSpec Spec(string uri) => new() { Model = new ModelSpec { Uri = uri } };

    private static V1PodSpec Pod(InferenceServiceSpec spec)
    {
        var service = new V1Alpha1InferenceService { Metadata = new V1ObjectMeta { Name = "chat", NamespaceProperty = "team", Uid = "u" }, Spec = spec };
        return TemplateOf.Service(service).Spec!;
    }
}
