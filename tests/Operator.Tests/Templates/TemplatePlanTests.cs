using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.Operator.Templates;
using Octavo.Operator.Tests.Resources;

namespace Octavo.Operator.Tests.Templates;

public sealed class TemplatePlanTests
{
    [Fact]
    public void Decide_NothingIsThere_BuildsTheNewest()
    {
        var decision = TemplatePlan.Decide(Service(), Build("image:1"), [], null);

        decision.Record.Number.Should().Be(1);
        decision.Record.Builder.Should().Be(ServingPodTemplate.Revision);
        Image(decision).Should().Be("image:1");
        decision.Pending.Should().BeEmpty();
    }

    [Fact]
    public void Decide_SameWishesOtherCode_KeepsTheRecordAndTellsWhatIsPending()
    {
        var record = TemplatePlan.Decide(Service(), Build("image:1"), [], null).Record;

        var decision = TemplatePlan.Decide(Service(), Build("image:2"), [record], null);

        decision.Record.Should().BeSameAs(record);
        decision.Pending.Select(c => c.ToString()).Should().Equal("spec.initContainers[model].image: image:1 -> image:2", "spec.containers[runtime].image: image:1 -> image:2");
    }

    [Fact]
    public void Decide_OtherWishes_BuildsTheNewestAsTheNextNumber()
    {
        var record = TemplatePlan.Decide(Service(), Build("image:1"), [], null).Record;
        var changed = Service(drainSeconds: 5);

        var decision = TemplatePlan.Decide(changed, Build("image:2", changed), [record], null);

        (Image(decision), decision.Record.Number).Should().Be(("image:2", 2));
        decision.Pending.Should().BeEmpty();
    }

    [Fact]
    public void Decide_WishesComeBack_TakesTheVeryTemplateOfOld()
    {
        var first = TemplatePlan.Decide(Service(), Build("image:1"), [], null).Record;
        var changed = Service(drainSeconds: 5);
        var second = TemplatePlan.Decide(changed, Build("image:2", changed), [first], null).Record;

        var decision = TemplatePlan.Decide(Service(), Build("image:2"), [second, first], null);

        ShouldBe(decision.Record, first with { Number = 3 });
        decision.Pending.Should().NotBeEmpty("going back is going back to the image of old as well");
    }

    [Fact]
    public void Decide_AutomaticUpdates_TakesTheNewestAtOnce()
    {
        var record = TemplatePlan.Decide(Service(), Build("image:1"), [], null).Record;
        var service = Service() with { Spec = Service().Spec with { Rollout = new RolloutSpec { TemplateUpdates = "Automatic" } } };

        var decision = TemplatePlan.Decide(service, Build("image:2"), [record], null);
        var again = TemplatePlan.Decide(service, Build("image:2"), [record, decision.Record], null);

        (Image(decision), decision.Record.Number, decision.Pending.Count).Should().Be(("image:2", 2, 0));
        ShouldBe(again.Record, decision.Record);
    }

    [Fact]
    public void Decide_OtherWishesOfTheSameTemplate_StaysAtItsNumber()
    {
        var record = TemplatePlan.Decide(Service(), Build("image:1"), [], null).Record;

        var decision = TemplatePlan.Decide(Service(drainSeconds: ServingPodTemplate.DefaultDrainSeconds), Build("image:1"), [record], null);

        (decision.Record.Hash, decision.Record.Number).Should().Be((record.Hash, 1));
        decision.Record.Wishes.Should().NotBe(record.Wishes);
    }

    [Fact]
    public void Decide_DeploymentOfRelease01WithoutRecord_KeepsItsTemplateAndImage()
    {
        var old = TemplateOf.Service(Service(), "image:0.1", ServingPodTemplate.FirstRevision);
        var live = new LiveTemplate(Served(old), new Dictionary<string, string> { [ServingObjectMeta.TemplateSource] = TemplateWishes.HashOfRelease01(Service()), [ServingObjectMeta.TemplateRevision] = "1" });

        var decision = TemplatePlan.Decide(Service(), Build("image:1"), [], live);

        ShouldBe(decision.Record, TemplateRecord.Of(new PodTemplates(old), TemplateWishes.Of(Service()).Hash(), "1"));
        decision.Pending.Should().NotBeEmpty();
    }

    [Fact]
    public void Decide_RecordWasDeletedAndItsCodeIsUnknown_KeepsWhatRuns()
    {
        var built = TemplateOf.Service(Service(), "image:9");
        var annotations = new Dictionary<string, string>(built.Metadata!.Annotations!) { [ServingObjectMeta.TemplateHash] = "future", ["kubectl.kubernetes.io/restartedAt"] = "now" };
        var future = built with { Metadata = built.Metadata with { Annotations = annotations }, Spec = built.Spec! with { PriorityClassName = "new" } };
        var source = new Dictionary<string, string> { [ServingObjectMeta.TemplateSource] = TemplateWishes.Of(Service()).Hash(), [ServingObjectMeta.TemplateRevision] = "99" };

        var record = TemplatePlan.Decide(Service(), Build("image:1"), [], new LiveTemplate(future, source)).Record;

        (record.Hash, record.Builder, record.Template.Spec!.PriorityClassName).Should().Be(("future", "99", "new"));
        record.Template.Metadata!.Annotations.Should().NotContainKey("kubectl.kubernetes.io/restartedAt");
    }

    [Fact]
    public void Decide_WishesChangedWhileNoRecordWasThere_BuildsTheNewest()
    {
        var old = TemplateOf.Service(Service(), "image:0.1", ServingPodTemplate.FirstRevision);
        var changed = Service(drainSeconds: 5);

        var decision = TemplatePlan.Decide(changed, Build("image:1", changed), [], new LiveTemplate(old, new Dictionary<string, string> { [ServingObjectMeta.TemplateSource] = TemplateWishes.HashOfRelease01(Service()) }));

        Image(decision).Should().Be("image:1");
    }

    [Fact]
    public void Read_RecordThatWasWritten_IsTheSame()
    {
        var record = TemplatePlan.Decide(Service(), Build("image:1"), [], null).Record with { Number = 7 };

        ShouldBe(TemplateRecord.Read(record.ToObject(Service())), record);
    }

    [Fact]
    public void Read_SomethingElse_IsNoRecord()
    {
        TemplateRecord.Read(new V1ControllerRevision()).Should().BeNull();
        var record = TemplatePlan.Decide(Service(), Build("image:1"), [], null).Record.ToObject(Service());
        TemplateRecord.Read(record with { Data = null }).Should().BeNull();
        TemplateRecord.Read(record with { Metadata = record.Metadata with { Annotations = null } }).Should().BeNull();
    }

    private static void ShouldBe(TemplateRecord? record, TemplateRecord expected)
    {
        record.Should().NotBeNull();
        (record!.Hash, record.Wishes, record.Builder, record.Number).Should().Be((expected.Hash, expected.Wishes, expected.Builder, expected.Number));
        KubernetesJson.DeepEquals(record.Template, expected.Template).Should().BeTrue();
    }

    private static TemplateBuild Build(string image, V1Alpha1InferenceService? service = null) => (revision, imagesOf) =>
        TemplateOf.All(service ?? Service(), ServingPodTemplate.ImageOf(imagesOf?.Template, ServingPodTemplate.RuntimeContainer) ?? image, revision);

    private static string? Image(TemplateDecision decision) => ServingPodTemplate.ImageOf(decision.Record.Template, ServingPodTemplate.RuntimeContainer);

    /// <summary>As an API server gives it back: with its defaults.</summary>
    private static V1PodTemplateSpec Served(V1PodTemplateSpec template) => template with { Spec = template.Spec! with { RestartPolicy = "Always", DnsPolicy = "ClusterFirst", SchedulerName = "default-scheduler" } };

    private static V1Alpha1InferenceService Service(int? drainSeconds = null) => new()
    {
        Metadata = new V1ObjectMeta { Name = "chat", NamespaceProperty = "team", Uid = "u" },
        Spec = new InferenceServiceSpec { Model = new ModelSpec { Uri = "file:///models/tiny" }, Rollout = drainSeconds is null ? null : new RolloutSpec { DrainSeconds = drainSeconds } },
    };
}
