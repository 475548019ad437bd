using static Octavo.LocalCluster.Tests.ApiServer.Behaviour.ApiCaller;

namespace Octavo.LocalCluster.Tests.ApiServer.Behaviour;

/// <summary>Server-side apply and managedFields, where no recorded case is at hand.</summary>
public sealed class ApplyBehaviourTests : IAsyncLifetime
{
    private ApiCaller api = null!;

    public async Task InitializeAsync() => api = await ApiCaller.StartWithWidgetsAsync();

    public async Task DisposeAsync() => await api.DisposeAsync();

    [Theory]
    [InlineData("")]
    [InlineData("&fieldValidation=Ignore")]
    [InlineData("&fieldValidation=Strict")]
    public async Task Apply_UnknownField_Is500WhateverTheValidation(string query)
    {
        var answer = await ApplyAsync("x", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"bogus":1}""", query);
        (answer.Status, answer.Message).Should().Be((500, "failed to create typed patch object (/a; /v1, Kind=ConfigMap): .bogus: field not declared in schema"));
    }

    [Fact]
    public async Task Update_ThatChangesAField_TakesItFromTheApplier()
    {
        await ApplyAsync("applier", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"j":"1","k":"1"}}""");
        var updated = await api.SendAsync("PUT", $"{Maps}/a?fieldManager=updater", """{"metadata":{"name":"a"},"data":{"j":"1","k":"2"}}""");
        updated.Managers.Should().Equal("applier/Apply", "updater/Update");
        var applier = updated.Body!["metadata"]!["managedFields"]!.AsArray().Single(e => e!["operation"]!.ToString() == "Apply")!;
        applier["fieldsV1"]!.ToJsonString().Should().Be("""{"f:data":{"f:j":{}}}""");
        var conflict = await ApplyAsync("applier", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"j":"1","k":"1"}}""");
        (conflict.Status, conflict.Message).Should().Be((409, "Apply failed with 1 conflict: conflict with \"updater\" using v1: .data.k"));
        (conflict.Body!["details"]!["causes"]![0]!["reason"]!.ToString(), conflict.Body["details"]!["causes"]![0]!["field"]!.ToString()).Should().Be(("FieldManagerConflict", ".data.k"));
    }

    [Fact]
    public async Task Put_ThatOnlyRemoves_MakesNoEntry()
    {
        await ApplyAsync("applier", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"j":"1","k":"1"}}""");
        var removed = await api.SendAsync("PUT", $"{Maps}/a?fieldManager=remover", """{"metadata":{"name":"a"},"data":{"j":"1"}}""");
        removed.Managers.Should().Equal("applier/Apply");
        removed.Body!["metadata"]!["managedFields"]![0]!["fieldsV1"]!.ToJsonString().Should().Be("""{"f:data":{"f:j":{}}}""");
    }

    [Fact]
    public async Task Apply_UidOfAnObjectThatIsGone_IsAConflictAndMakesNothing()
    {
        var answer = await ApplyAsync("x", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","uid":"u"},"data":{"k":"1"}}""");
        answer.Status.Should().Be(409);
        answer.Message.Should().EndWith("uid mismatch: the provided object specified uid u, and no existing object was found");
        (await api.SendAsync("GET", $"{Maps}/a")).Status.Should().Be(404);
    }

    [Fact]
    public async Task Apply_StaleVersion_IsAnOrdinaryConflict()
    {
        var created = await ApplyAsync("x", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"1"}}""");
        await api.SendAsync("PATCH", $"{Maps}/a", """{"data":{"l":"1"}}""", Merge);
        var stale = await ApplyAsync("x", $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","resourceVersion":"{{{created.Version}}}"},"data":{"k":"2"}}""");
        (stale.Status, stale.Body!["reason"]!.ToString()).Should().Be((409, "Conflict"));
        stale.Message.Should().StartWith("Operation cannot be fulfilled on configmaps \"a\": the object has been modified");
    }

    [Fact]
    public async Task Apply_UidOfAnObjectThatIsGone_MakesNoOther()
    {
        var answer = await ApplyAsync("x", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","uid":"1-2-3"},"data":{"k":"1"}}""");
        (answer.Status, answer.Body!["reason"]!.ToString()).Should().Be((409, "Conflict"));
        answer.Message.Should().Be("Operation cannot be fulfilled on configmaps \"a\": uid mismatch: the provided object specified uid 1-2-3, and no existing object was found");
    }

    [Fact]
    public async Task Apply_WithoutManager_IsRefused()
    {
        var answer = await api.SendAsync("PATCH", $"{Maps}/a", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}""", Apply);
        (answer.Status, answer.Message).Should().Be((422, "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch"));
    }

    [Fact]
    public async Task Updates_ByManyManagers_KeepTenEntriesAndMergeTheOldest()
    {
        await api.SendAsync("POST", $"{Maps}?fieldManager=m0", """{"metadata":{"name":"a"},"data":{"k0":"v"}}""");
        ApiAnswer last = null!;
        for (var i = 1; i < 14; i++)
        {
            last = await api.SendAsync("PATCH", $"{Maps}/a?fieldManager=m{i:00}", $$$"""{"data":{"k{{{i}}}":"v"}}""", Merge);
        }

        last.Managers.Should().HaveCount(10).And.Contain("ancient-changes/Update").And.Contain("m13/Update").And.NotContain("m01/Update");
        var merged = last.Body!["metadata"]!["managedFields"]!.AsArray().Single(e => e!["manager"]!.ToString() == "ancient-changes")!;
        merged["fieldsV1"]!["f:data"]!.AsObject().Select(p => p.Key).Should().Contain(["f:k0", "f:k1", "f:k4"]);
    }

    [Fact]
    public async Task Generation_OfACustomResource_MovesWithSpecAndDeletionOnly()
    {
        var created = await api.SendAsync("POST", Widgets, """{"apiVersion":"example.dev/v1","kind":"Widget","metadata":{"name":"w","finalizers":["example.dev/f"]},"spec":{},"status":{"ready":"yes"}}""");
        (created.Generation, created.Body!["status"]).Should().Be((1, null));
        var status = await api.SendAsync("PATCH", $"{Widgets}/w/status", """{"metadata":{"labels":{"a":"b"}},"spec":{"size":9},"status":{"ready":"yes"}}""", Merge);
        (status.Generation, status.Body!["spec"]!["size"]!.GetValue<int>(), status.Body["metadata"]!["labels"], status.Body["status"]!["ready"]!.ToString()).Should().Be((1, 3, null, "yes"));
        (await api.SendAsync("PATCH", $"{Widgets}/w", """{"metadata":{"labels":{"a":"b"}}}""", Merge)).Generation.Should().Be(1);
        (await api.SendAsync("PATCH", $"{Widgets}/w", """{"spec":{"size":4},"status":{"ready":"no"}}""", Merge)).Body!["status"]!["ready"]!.ToString().Should().Be("yes");
        var deleted = await api.SendAsync("DELETE", $"{Widgets}/w");
        (deleted.Generation, deleted.Body!["metadata"]!["deletionTimestamp"] is not null).Should().Be((3, true));
    }

    private Task<ApiAnswer> ApplyAsync(string manager, string body, string query = "") => api.SendAsync("PATCH", $"{Maps}/a?fieldManager={manager}{query}", body, Apply);
}
