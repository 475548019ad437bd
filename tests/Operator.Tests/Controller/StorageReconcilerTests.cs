using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Tests.Controller;

public sealed class StorageReconcilerTests
{
    private const string ClaimName = OperatorHarness.Name + "-model";
    private readonly OperatorHarness harness = new();

    private static StorageSpec Storage => new() { Size = new WrittenQuantity("50Gi"), StorageClassName = "fast", AccessMode = "ReadWriteOnce" };

    [Fact]
    public async Task ReconcileAsync_StorageClass_MakesAClaimThatPodsMountAndThenWritesNothing()
    {
        await CreateAsync(Storage);

        await harness.ReconcileAsync();

        var claim = (await ClaimAsync())!;
        claim.Spec!.StorageClassName.Should().Be("fast");
        claim.Spec.AccessModes.Should().Equal("ReadWriteOnce");
        claim.Spec.Resources!.Requests.Should().Contain("storage", "50Gi");
        claim.Metadata.OwnerReferences.Should().ContainSingle().Which.Controller.Should().BeTrue();
        var volume = (await harness.DeploymentAsync())!.Spec!.Template!.Spec!.Volumes!.Single(v => v.Name == "model");
        volume.PersistentVolumeClaim!.ClaimName.Should().Be(ClaimName);
        volume.EmptyDir.Should().BeNull();
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task ReconcileAsync_AccessModeAlone_TakesTheClustersClassAndReplicasShare()
    {
        await CreateAsync(new StorageSpec { Size = new WrittenQuantity("1Gi"), AccessMode = "ReadWriteMany" });

        await harness.ReconcileAsync();

        var claim = (await ClaimAsync())!;
        claim.Spec!.StorageClassName.Should().BeNull();
        claim.Spec.AccessModes.Should().Equal("ReadWriteMany");
    }

    [Fact]
    public async Task ReconcileAsync_SizeAlone_BoundsTheNodesDiskWithoutAClaim()
    {
        await CreateAsync(new StorageSpec { Size = new WrittenQuantity("1Gi") });

        await harness.ReconcileAsync();

        (await ClaimAsync()).Should().BeNull();
        (await harness.DeploymentAsync())!.Spec!.Template!.Spec!.Volumes!.Single(v => v.Name == "model").EmptyDir!.SizeLimit.Should().Be("1Gi");
    }

    [Fact]
    public async Task ReconcileAsync_LocalModel_NeedsNoClaim()
    {
        await harness.CreateAsync(OperatorHarness.Spec() with { Storage = Storage });

        await harness.ReconcileAsync();

        (await ClaimAsync()).Should().BeNull();
        (await harness.DeploymentAsync()).Should().NotBeNull();
    }

    [Theory]
    [InlineData("storageClassName is fast and not slow")]
    [InlineData("accessMode is ReadWriteOnce and not ReadWriteMany")]
    [InlineData("size is 50Gi, and a claim cannot shrink to 10Gi")]
    public async Task ReconcileAsync_ClaimThatCannotChange_IsAConditionAndNoEndlessWrite(string reason)
    {
        await CreateAsync(Storage);
        await harness.ReconcileAsync();

        await harness.ChangeSpecAsync(spec => spec with
        {
            Storage = reason[0] switch
            {
                'a' => Storage with { AccessMode = "ReadWriteMany" },
                _ when reason.StartsWith("size", StringComparison.Ordinal) => Storage with { Size = new WrittenQuantity("10Gi") },
                _ => Storage with { StorageClassName = "slow" },
            },
        });
        await harness.ReconcileAsync();

        var condition = (await harness.ConditionAsync("WorkloadReady"))!;
        condition.Status.Should().Be("False");
        condition.Reason.Should().Be("StorageImmutable");
        condition.Message.Should().Contain(reason).And.Contain(ClaimName);
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();
        (await ClaimAsync())!.Spec!.StorageClassName.Should().Be("fast");

        await harness.ChangeSpecAsync(spec => spec with { Storage = Storage });
        await harness.ReconcileAsync();
        (await harness.ConditionAsync("WorkloadReady"))!.Reason.Should().NotBe("StorageImmutable");
    }

    [Fact]
    public async Task ReconcileAsync_LargerSize_GrowsTheClaim()
    {
        await CreateAsync(Storage);
        await harness.ReconcileAsync();

        await harness.ChangeSpecAsync(spec => spec with { Storage = Storage with { Size = new WrittenQuantity("0.1Ti") } });
        await harness.ReconcileAsync();

        (await ClaimAsync())!.Spec!.Resources!.Requests.Should().Contain("storage", "0.1Ti");
    }

    [Fact]
    public async Task ReconcileAsync_AnothersClaim_IsLeftAlone()
    {
        await harness.Client.CreateAsync(
            new V1PersistentVolumeClaim { Metadata = new V1ObjectMeta { Name = ClaimName, NamespaceProperty = OperatorHarness.Namespace }, Spec = new V1PersistentVolumeClaimSpec { AccessModes = ["ReadWriteOnce"] } },
            null,
            CancellationToken.None);
        await CreateAsync(Storage);

        await harness.ReconcileAsync();

        (await harness.ConditionAsync("WorkloadReady"))!.Reason.Should().Be("NameConflict");
        (await ClaimAsync())!.Metadata.OwnerReferences.Should().BeNull();
        (await harness.DeploymentAsync()).Should().BeNull();
    }

    private Task CreateAsync(StorageSpec storage) => harness.CreateAsync(OperatorHarness.Spec("hf://org/name") with { Storage = storage });

    private Task<V1PersistentVolumeClaim?> ClaimAsync() => harness.Client.FindAsync<V1PersistentVolumeClaim>(ClaimName, OperatorHarness.Namespace, CancellationToken.None);
}
