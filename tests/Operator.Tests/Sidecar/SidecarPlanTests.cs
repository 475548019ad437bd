using Octavo.Operator.Entities;
using Octavo.Operator.Sidecar;
using static Octavo.Operator.Tests.Sidecar.SidecarScene;

namespace Octavo.Operator.Tests.Sidecar;

/// <summary>What a Deployment is to have, and when something is written.</summary>
public sealed class SidecarPlanTests
{
    private static readonly SidecarRecord Record = Decide(App(), Service()).Record!;

    [Fact]
    public void Decide_NothingAskedFor_NothingIsDone() => Decide(App(Annotated(null)), Service()).Should().Be(new SidecarDecision(null, IsDone: true));

    [Fact]
    public void Decide_AnnotationOnTheDeploymentItself_DoesNothingAndIsTold() => Decide(
        App(app =>
        {
            Annotated(null)(app);
            app["metadata"]!["annotations"]![SidecarNames.Inject] = "chat";
        }),
        Service()).Should().Match<SidecarDecision>(d => d.Record == null && d.IsDone && d.Note!.Reason == "InvalidAnnotation" && d.Note.Message.Contains("spec.template.metadata.annotations"));

    [Fact]
    public void Decide_AskedFor_IsPutInAndThenDone()
    {
        var before = Decide(App(), Service());
        var after = Decide(With(before.Record!), Service());

        (before.IsDone, before.Note).Should().Be((false, null));
        (after.IsDone, after.Note).Should().Be((true, null));
        after.Record!.Hash.Should().Be(before.Record!.Hash);
    }

    [Fact]
    public void Decide_AnnotationRemoved_IsTakenOut() => Decide(With(Record, inject: null), Service()).Should().Be(new SidecarDecision(null, IsDone: false));

    [Fact]
    public void Decide_AnotherRelease_ChangesNothingUnlessTheServiceSaysSo()
    {
        var newer = Options with { RuntimeImage = "runtime:2" };
        var automatic = Service() with { Spec = Service().Spec with { Rollout = new RolloutSpec { TemplateUpdates = "Automatic" } } };

        Decide(With(Record), Service(), newer).IsDone.Should().BeTrue();
        Decide(With(Record), automatic, newer).IsDone.Should().BeFalse();
        // Drift is repaired to what was put in, not to what this release would.
        var drifted = With(Record) with { Spec = App().Spec };
        Decide(drifted, Service(), newer).Should().Match<SidecarDecision>(d => !d.IsDone && d.Record!.Hash == Record.Hash);
    }

    [Theory]
    [InlineData(true, "replicas")]
    [InlineData(true, "drain")]
    [InlineData(true, "labels")]
    [InlineData(false, "model")]
    [InlineData(false, "image")]
    [InlineData(false, "resources")]
    [InlineData(false, "alias")]
    public void Decide_ServiceChanged_RollsOnlyForWhatTheSidecarIsMadeFrom(bool isDone, string field)
    {
        var spec = Service().Spec;
        var changed = field switch
        {
            "replicas" => spec with { Replicas = 0 },
            "drain" => spec with { Rollout = new RolloutSpec { DrainSeconds = 99 } },
            "labels" => spec with { PodTemplate = new PodTemplateSpec { Metadata = new PodTemplateMetadataSpec { Labels = new Dictionary<string, string> { ["a"] = "b" } } } },
            "model" => spec with { Model = new ModelSpec { Uri = "hf://org/other" } },
            "image" => spec with { Runtime = new RuntimeSpec { Image = "mine:1" } },
            "resources" => spec with { Resources = new ResourceRequirementsSpec { Limits = new Dictionary<string, WrittenQuantity> { ["cpu"] = new("2") } } },
            _ => spec with { Model = spec.Model with { Aliases = ["gpt"] } },
        };

        var decision = Decide(With(Record), Service(changed));

        (decision.IsDone, decision.Note).Should().Be((isDone, null));
        (decision.Record!.Hash == Record.Hash).Should().Be(isDone);
    }

    [Fact]
    public void Decide_ServiceNotThere_NothingIsPutInAndWhatIsInStays()
    {
        var never = Decide(App(), null);
        var gone = Decide(With(Record), null);
        var going = Decide(With(Record), Service() with { Metadata = Service().Metadata with { DeletionTimestamp = DateTimeOffset.UnixEpoch } });

        (never.Record, never.IsDone, never.Note!.State, never.Note.Reason).Should().Be((null, true, SidecarState.Waiting, "InferenceServiceNotFound"));
        (gone.Record!.Hash, gone.IsDone, gone.Note!.Reason).Should().Be((Record.Hash, true, "InferenceServiceNotFound"));
        gone.Note.Message.Should().Contain("stays until");
        going.Should().BeEquivalentTo(gone, o => o.Excluding(d => d.Record));
    }

    [Fact]
    public void Decide_ModelThatAJobBrings_IsWaitedForAndWhatIsInStays()
    {
        var other = Service(Service().Spec with { Model = new ModelSpec { Uri = "hf://org/other" } });

        var first = Decide(App(), Service(), isAwaited: true);
        var change = Decide(With(Record), other, isAwaited: true);

        (first.Record, first.IsDone, first.Note!.Reason).Should().Be((null, true, "WaitingForModel"));
        (change.Record!.Hash, change.IsDone, change.Note!.Reason).Should().Be((Record.Hash, true, "WaitingForModel"));
        Decide(With(Record), Service(), isAwaited: true).Note.Should().BeNull("its model is there");
        Decide(With(Record), other).IsDone.Should().BeFalse();
    }

    [Fact]
    public void Decide_SomebodyDeletesTheContainer_IsRepaired()
    {
        var without = With(Record);
        var template = without.Spec!.Template!;
        var drifted = without with { Spec = new InjectedDeploymentSpec { Template = template with { Spec = template.Spec! with { InitContainers = null } } } };

        Decide(drifted, Service()).Should().Match<SidecarDecision>(d => !d.IsDone && d.Note == null);
    }

    [Fact]
    public void Decide_CopiedWithAllItsAnnotations_IsOwnedByTheApplyFirst() =>
        Decide(With(Record) with { Metadata = App().Metadata with { Annotations = With(Record).Metadata.Annotations } }, Service()).IsDone.Should().BeFalse();

    [Theory]
    [InlineData("nodes", "SidecarNotSupported")]
    [InlineData("gpu", "AcceleratorNotSupported")]
    [InlineData("vllm", "ImageMissing")]
    [InlineData("parallel", "NotSupportedByRuntime")]
    [InlineData("uri", "UnsupportedSource")]
    public void Decide_ServiceThatCannotBeASidecar_IsRefused(string kind, string reason)
    {
        var spec = Service().Spec;
        var decision = Decide(App(), Service(kind switch
        {
            "nodes" => spec with { Runtime = new RuntimeSpec { Dialect = "VLLM", Image = "i" }, Accelerator = new AcceleratorSpec { Nodes = 2 } },
            "gpu" => spec with { Accelerator = new AcceleratorSpec() },
            "vllm" => spec with { Runtime = new RuntimeSpec { Dialect = "VLLM" } },
            "parallel" => spec with { Runtime = new RuntimeSpec { Engine = new EngineSpec { TensorParallelSize = 2 } } },
            _ => spec with { Model = new ModelSpec { Uri = "hf://" } },
        }));

        (decision.Record, decision.IsDone, decision.Note!.State, decision.Note.Reason).Should().Be((null, true, SidecarState.Refused, reason));
    }

    [Theory]
    [InlineData(null, 8000, "SidecarPortConflict")]
    [InlineData(null, 8003, "SidecarPortConflict")]
    [InlineData("9100", 8000, null)]
    [InlineData("9000", 9003, "SidecarPortConflict")]
    [InlineData("80", 9000, "InvalidAnnotation")]
    [InlineData("65535", 9000, "InvalidAnnotation")]
    [InlineData("eight", 9000, "InvalidAnnotation")]
    public void Decide_Port_MustBeFreeAndAPort(string? port, int taken, string? reason) => Decide(
        App(app =>
        {
            Annotated("chat", port)(app);
            app["spec"]!["template"]!["spec"]!["containers"]![0]!["ports"]![0]!["containerPort"] = taken;
        }),
        Service()).Note?.Reason.Should().Be(reason);

    [Fact]
    public void Decide_NodesNetwork_IsRefused() =>
        Decide(App(app => app["spec"]!["template"]!["spec"]!["hostNetwork"] = true), Service()).Note!.Reason.Should().Be("SidecarNotSupported");

    [Fact]
    public void Record_ThatSomebodyWroteOver_IsMadeAnew()
    {
        foreach (var text in new[] { "", "{", "[]", """{"service":1}""" })
        {
            var deployment = With(Record) with { Metadata = With(Record).Metadata with { Annotations = new Dictionary<string, string> { [SidecarNames.Record] = text } } };

            SidecarRecord.Of(deployment).Should().BeNull();
            Decide(deployment, Service()).Should().Match<SidecarDecision>(d => !d.IsDone && d.Record!.Hash == Record.Hash);
        }
    }

    [Fact]
    public void IsOwnField_FieldsOfTheUser_AreNot()
    {
        SidecarNames.IsOwnField(""".spec.template.spec.initContainers[name="octavo-serving"].image""").Should().BeTrue();
        SidecarNames.IsOwnField(""".spec.template.spec.volumes[name="octavo-tmp"].emptyDir""").Should().BeTrue();
        SidecarNames.IsOwnField(""".spec.template.spec.initContainers[name="setup"].image""").Should().BeFalse();
        SidecarNames.IsOwnField(".spec.template.spec.runtimeClassName").Should().BeFalse();
        SidecarNames.IsOwnField(".spec.template.spec.nodeSelector.gpu").Should().BeFalse();
    }
}
