using System.Text.Json.Nodes;
using static Octavo.LocalCluster.Tests.ApiServer.Behaviour.ApiCaller;

namespace Octavo.LocalCluster.Tests.ApiServer.Behaviour;

/// <summary>Watches and tables, where no recorded case is at hand.</summary>
public sealed class WatchBehaviourTests : IAsyncLifetime
{
    private const string TableForm = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    private ApiCaller api = null!;

    public async Task InitializeAsync() => api = await ApiCaller.StartWithWidgetsAsync();

    public async Task DisposeAsync() => await api.DisposeAsync();

    [Fact]
    public async Task Deletion_HeldByAFinalizer_IsOneModifiedAndOneDeleted()
    {
        var created = await api.SendAsync("POST", Maps, """{"metadata":{"name":"a","finalizers":["example.dev/f"]}}""");
        await api.SendAsync("DELETE", $"{Maps}/a");
        await api.SendAsync("PATCH", $"{Maps}/a", """{"metadata":{"finalizers":null}}""", Merge);
        var events = await api.WatchAsync($"{Maps}?resourceVersion={created.Version}");
        events.Select(e => e["type"]!.ToString()).Should().Equal("MODIFIED", "DELETED");
        events[0]["object"]!["metadata"]!["deletionTimestamp"].Should().NotBeNull();
        long.Parse(events[1]["object"]!["metadata"]!["resourceVersion"]!.ToString(), System.Globalization.CultureInfo.InvariantCulture)
            .Should().BeGreaterThan(long.Parse(events[0]["object"]!["metadata"]!["resourceVersion"]!.ToString(), System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Watch_AsTable_HasColumnsInTheFirstEventOnly()
    {
        await api.SendAsync("POST", Maps, """{"metadata":{"name":"a"},"data":{"k":"v"}}""");
        await api.SendAsync("POST", Maps, """{"metadata":{"name":"b"}}""");
        var events = await api.WatchAsync($"{Maps}?resourceVersion=0", TableForm);
        events.Should().HaveCount(2).And.OnlyContain(e => e["object"]!["kind"]!.ToString() == "Table" && e["object"]!["rows"]!.AsArray().Count == 1);
        events[0]["object"]!["columnDefinitions"]!.AsArray().Select(c => c!["name"]!.ToString()).Should().Equal("Name", "Data", "Age");
        events[1]["object"]!["columnDefinitions"].Should().BeNull();
        events[0]["object"]!["rows"]![0]!["cells"]!.AsArray().Take(2).Select(c => c!.ToString()).Should().Equal("a", "1");
    }

    [Fact]
    public async Task Watch_AsPartialMetadata_HasNothingElse()
    {
        await api.SendAsync("POST", Maps, """{"metadata":{"name":"a"},"data":{"k":"v"}}""");
        var events = await api.WatchAsync($"{Maps}?resourceVersion=0", "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io");
        var shown = events.Single()["object"]!.AsObject();
        shown.Select(p => p.Key).Should().BeEquivalentTo("kind", "apiVersion", "metadata");
        shown["kind"]!.ToString().Should().Be("PartialObjectMetadata");
    }

    [Fact]
    public async Task Table_OfACustomResource_ShowsNullForWhatIsMissing()
    {
        await api.SendAsync("POST", Widgets, """{"apiVersion":"example.dev/v1","kind":"Widget","metadata":{"name":"w"},"spec":{"size":7}}""");
        var table = (await api.SendAsync("GET", Widgets, accept: TableForm)).Body!;
        table["columnDefinitions"]!.AsArray().Select(c => $"{c!["name"]}:{c["type"]}").Should().Equal("Name:string", "Size:integer", "Ready:string", "Age:date");
        var cells = table["rows"]![0]!["cells"]!.AsArray();
        (cells[0]!.ToString(), cells[1]!.GetValue<long>(), cells[2]).Should().Be(("w", 7L, (JsonNode?)null));
        cells[3]!.ToString().Should().MatchRegex("^[0-9]+s$");
    }

    [Fact]
    public async Task List_RevisionOfTheFuture_TimesOut()
    {
        var answer = await api.SendAsync("GET", $"{Maps}?resourceVersion=99999999&resourceVersionMatch=NotOlderThan");
        (answer.Status, answer.Body!["reason"]!.ToString(), answer.Body["details"]!["retryAfterSeconds"]!.GetValue<int>()).Should().Be((504, "Timeout", 1));
        answer.Body["details"]!["causes"]![0]!["reason"]!.ToString().Should().Be("ResourceVersionTooLarge");
    }
}
