using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Storage;

namespace Octavo.LocalCluster.Tests.ApiServer.Storage;

public sealed class ObjectStoreTests
{
    private static readonly GroupResource ConfigMaps = new("", "configmaps");

    [Fact]
    public void TryUpdate_StaleState_IsRefused()
    {
        var store = new ObjectStore();
        var first = store.TryCreate(ConfigMaps, "n", "a", New("a"))!;
        store.TryUpdate(first, New("a")).Should().NotBeNull();

        store.TryUpdate(first, New("a")).Should().BeNull();
        store.TryDelete(first).Should().BeNull();
    }

    [Fact]
    public void TryCreate_TakenName_IsRefused()
    {
        var store = new ObjectStore();
        store.TryCreate(ConfigMaps, "n", "a", New("a"));

        store.TryCreate(ConfigMaps, "n", "a", New("a")).Should().BeNull();
    }

    [Fact]
    public void SnapshotAt_OlderRevision_ShowsWhatWasThen()
    {
        var store = new ObjectStore();
        var a = store.TryCreate(ConfigMaps, "n", "a", New("a"))!;
        var then = store.TryCreate(ConfigMaps, "n", "b", New("b"))!.Revision;
        store.TryDelete(a);
        store.TryCreate(ConfigMaps, "n", "c", New("c"));

        store.SnapshotAt(ConfigMaps, then)!.In("n").Select(o => o.Name).Should().Equal("a", "b");
        store.Snapshot(ConfigMaps).In("n").Select(o => o.Name).Should().Equal("b", "c");
    }

    [Fact]
    public void ReadEvents_AfterCompaction_KnowsThatEventsAreMissing()
    {
        var store = new ObjectStore(historyLimit: 4);
        var start = store.Revision;
        for (var i = 0; i < 9; i++)
        {
            store.TryCreate(ConfigMaps, "n", $"a{i}", New($"a{i}"));
        }

        store.ReadEvents(ConfigMaps, start).Should().BeNull();
        store.SnapshotAt(ConfigMaps, start).Should().BeNull();
        store.ReadEvents(ConfigMaps, store.Revision - 2)!.Value.Events.Select(e => e.Object.Name).Should().Equal("a7", "a8");
    }

    [Fact]
    public void TryDelete_Event_CarriesTheLastStateWithANewRevision()
    {
        var store = new ObjectStore();
        var created = store.TryCreate(ConfigMaps, "n", "a", New("a"))!;
        store.TryDelete(created);

        var deletion = store.ReadEvents(ConfigMaps, created.Revision)!.Value.Events.Should().ContainSingle().Subject;
        deletion.Type.Should().Be(StoreEventType.Deleted);
        deletion.Object.Value["metadata"]!["resourceVersion"]!.ToString().Should().Be(deletion.Revision.ToString());
        deletion.Revision.Should().BeGreaterThan(created.Revision);
    }

    [Fact]
    public void WaitForChange_OtherCollection_DoesNotComplete()
    {
        var store = new ObjectStore();
        var waiting = store.WaitForChangeAsync(ConfigMaps, store.Revision);
        store.TryCreate(new GroupResource("", "secrets"), "n", "s", New("s"));
        waiting.IsCompleted.Should().BeFalse();

        store.TryCreate(ConfigMaps, "n", "a", New("a"));
        waiting.IsCompleted.Should().BeTrue();
    }

    private static JsonObject New(string name) => new() { ["metadata"] = new JsonObject { ["name"] = name } };
}
