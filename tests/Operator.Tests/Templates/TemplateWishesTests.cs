using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Templates;

namespace Octavo.Operator.Tests.Templates;

public sealed class TemplateWishesTests
{
    /// <summary>
    /// Whoever adds a field decides here whether pods are made from it. All fields of model, runtime, accelerator, resources and podTemplate are: those parts
    /// are in the wishes as a whole.
    /// </summary>
    [Fact]
    public void Of_EveryPartOfTheSpec_IsDecidedUpon()
    {
        string[] ofPods = ["Model", "Runtime", "Accelerator", "Resources", "PodTemplate", "Rollout.DrainSeconds", "Storage.ClaimName", "Storage.Size", "Storage.StorageClassName", "Storage.AccessMode", "Storage.Fill", "Storage.DeadlineSeconds"];
        string[] ofNoPod =
        [
            "Replicas", "Autoscaling", "Monitoring", "Gateway", "Rollout.Strategy", "Rollout.ProgressDeadlineSeconds", "Rollout.TemplateUpdates",
        ];

        typeof(InferenceServiceSpec).GetProperties().SelectMany(p => p.Name is "Rollout" or "Storage" ? p.PropertyType.GetProperties().Select(q => $"{p.Name}.{q.Name}") : [p.Name])
            .Should().BeEquivalentTo(ofPods.Concat(ofNoPod));
    }

    [Fact]
    public void Hash_NumberOfReplicas_IsNoMatterOfThePods()
    {
        Hash(s => s with { Replicas = 4 }).Should().Be(Hash());
        Hash(s => s with { Autoscaling = new AutoscalingSpec { MaxReplicas = 3 } }).Should().Be(Hash());
        Hash(s => s with { Rollout = new RolloutSpec { Strategy = "InPlace", ProgressDeadlineSeconds = 60, TemplateUpdates = "Automatic" } }).Should().Be(Hash());
        Hash(s => s with { Storage = new StorageSpec { Fill = "Init" } }).Should().Be(Hash(s => s with { Storage = new StorageSpec() }));
    }

    [Fact]
    public void Hash_WhatPodsAreMadeFrom_ChangesIt()
    {
        string[] hashes =
        [
            Hash(),
            Hash(s => s with { Model = s.Model with { Aliases = ["a"] } }),
            Hash(s => s with { Runtime = new RuntimeSpec { Engine = new EngineSpec { BlockSize = 8 } } }),
            Hash(s => s with { Accelerator = new AcceleratorSpec() }),
            Hash(s => s with { Accelerator = new AcceleratorSpec { Count = 2 } }),
            Hash(s => s with { Resources = new ResourceRequirementsSpec { Limits = new Dictionary<string, WrittenQuantity> { ["cpu"] = new("1") } } }),
            Hash(s => s with { PodTemplate = new PodTemplateSpec { PriorityClassName = "p" } }),
            Hash(s => s with { Rollout = new RolloutSpec { DrainSeconds = 5 } }),
            Hash(s => s with { Storage = new StorageSpec { ClaimName = "c" } }),
            Hash(s => s with { Storage = new StorageSpec { Size = new WrittenQuantity("1Gi") } }),
            Hash(s => s with { Storage = new StorageSpec { Size = new WrittenQuantity("1Gi"), AccessMode = "ReadWriteMany" } }),
            Hash(s => s with { Storage = new StorageSpec { ClaimName = "c", Fill = "Job" } }),
            Hash(s => s with { Storage = new StorageSpec { DeadlineSeconds = 600 } }),
        ];

        hashes.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void Hash_TimeOfAJobsFetch_IsNoMatterOfThePods() => Hash(s => s with { Storage = new StorageSpec { ClaimName = "c", Fill = "Job", DeadlineSeconds = 600 } })
        .Should().Be(Hash(s => s with { Storage = new StorageSpec { ClaimName = "c", Fill = "Job" } }));

    [Fact]
    public void Hash_ClaimGrows_PodsStay() =>
        Hash(s => s with { Storage = new StorageSpec { Size = new WrittenQuantity("1Gi"), AccessMode = "ReadWriteMany" } })
            .Should().Be(Hash(s => s with { Storage = new StorageSpec { Size = new WrittenQuantity("2Gi"), AccessMode = "ReadWriteMany" } }));

    [Fact]
    public void Hash_DefaultThatTheServerWrites_IsNoNewWish() =>
        Hash(s => s with { Accelerator = new AcceleratorSpec { Resource = AcceleratorSpec.DefaultResource, Count = 1 } }).Should().Be(Hash(s => s with { Accelerator = new AcceleratorSpec() }));

    [Fact]
    public void Hash_OrderOfAMap_DoesNotMatter() =>
        Hash(Selecting("a", "b")).Should().Be(Hash(Selecting("b", "a")));

    /// <summary>Stored in Deployments of release 0.1: if it changes, their replicas roll on the upgrade.</summary>
    [Fact]
    public void HashOfRelease01_Stays() => TemplateWishes.HashOfRelease01(Service(s => s with { Replicas = 2 })).Should().Be("0b5733809659c16300ad");

    private static Func<InferenceServiceSpec, InferenceServiceSpec> Selecting(params string[] labels) =>
        spec => spec with { Accelerator = new AcceleratorSpec { NodeSelector = labels.ToDictionary(l => l, _ => "x") } };

    private static string Hash(Func<InferenceServiceSpec, InferenceServiceSpec>? change = null) => TemplateWishes.Of(Service(change)).Hash();

    private static V1Alpha1InferenceService Service(Func<InferenceServiceSpec, InferenceServiceSpec>? change)
    {
        var spec = new InferenceServiceSpec { Model = new ModelSpec { Uri = "hf://org/name" } };
        return new V1Alpha1InferenceService { Metadata = new V1ObjectMeta { Name = "chat", NamespaceProperty = "team", Uid = "u" }, Spec = change?.Invoke(spec) ?? spec };
    }
}
