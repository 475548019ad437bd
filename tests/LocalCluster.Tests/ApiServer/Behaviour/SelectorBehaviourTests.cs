using static Octavo.LocalCluster.Tests.ApiServer.Behaviour.ApiCaller;

namespace Octavo.LocalCluster.Tests.ApiServer.Behaviour;

/// <summary>Selectors, patches and sizes, where no recorded case is at hand.</summary>
public sealed class SelectorBehaviourTests : IAsyncLifetime
{
    private ApiCaller api = null!;

    public async Task InitializeAsync() => api = await ApiCaller.StartAsync();

    public async Task DisposeAsync() => await api.DisposeAsync();

    [Theory]
    [InlineData("metadata.name=a", 1)]
    [InlineData("metadata.name!=a", 1)]
    [InlineData("metadata.name=a,metadata.namespace=default", 1)]
    [InlineData("metadata.namespace!=default", 0)]
    public async Task FieldSelector_OfMetadata_WorksEverywhere(string selector, int expected)
    {
        await api.SendAsync("POST", Maps, """{"metadata":{"name":"a"}}""");
        await api.SendAsync("POST", Maps, """{"metadata":{"name":"b"}}""");
        (await api.SendAsync("GET", $"{Maps}?fieldSelector={Uri.EscapeDataString(selector)}")).Body!["items"]!.AsArray().Should().HaveCount(expected);
    }

    [Fact]
    public async Task FieldSelector_UnknownField_Is400()
    {
        var answer = await api.SendAsync("GET", $"{Maps}?fieldSelector=data.k=v");
        (answer.Status, answer.Body!["reason"]!.ToString()).Should().Be((400, "BadRequest"));
        answer.Message.Should().Contain("field label not supported: data.k");
    }

    [Fact]
    public async Task MergePatch_Null_RemovesAndListsAreReplaced()
    {
        await api.SendAsync("POST", Maps, """{"metadata":{"name":"a","finalizers":["x.dev/a","x.dev/b"]},"data":{"j":"1","k":"1"}}""");
        var patched = await api.SendAsync("PATCH", $"{Maps}/a", """{"metadata":{"finalizers":["x.dev/b"]},"data":{"j":null,"l":"2"}}""", Merge);
        patched.Body!["data"]!.ToJsonString().Should().Be("""{"k":"1","l":"2"}""");
        patched.Body["metadata"]!["finalizers"]!.ToJsonString().Should().Be("""["x.dev/b"]""");
        (await api.SendAsync("PATCH", $"{Maps}/a", """{"metadata":{"finalizers":null},"data":null}""", Merge)).Body!["data"].Should().BeNull();
        (await api.SendAsync("PATCH", $"{Maps}/none", "{}", Merge)).Status.Should().Be(404);
    }

    [Fact]
    public async Task Header_OfHundredKilobytes_IsRead()
    {
        var answer = await api.SendAsync("GET", Maps, token: null, accept: "application/json, " + new string('x', 100_000) + "/y");
        answer.Status.Should().Be(200);
        (await api.SendAsync("GET", $"{Maps}?labelSelector=a!%3D{new string('b', 63)}&x={new string('x', 100_000)}")).Status.Should().Be(200);
    }

    [Fact]
    public async Task Owners_TwoControllers_AreRefused()
    {
        const string Owner = """{"apiVersion":"v1","kind":"ConfigMap","name":"o","uid":"u1","controller":true}""";
        var answer = await api.SendAsync("POST", Maps, $$$"""{"metadata":{"name":"a","ownerReferences":[{{{Owner}}},{{{Owner.Replace("u1", "u2", StringComparison.Ordinal)}}}]}}""");
        answer.Status.Should().Be(422);
        answer.Message.Should().Contain("Only one reference can have Controller set to true");
    }

    [Fact]
    public async Task Immutable_ConfigMap_CanNeitherChangeNorBeFreed()
    {
        await api.SendAsync("POST", Maps, """{"metadata":{"name":"a"},"immutable":true,"data":{"k":"1"}}""");
        var changed = await api.SendAsync("PATCH", $"{Maps}/a", """{"data":{"k":"2"}}""", Merge);
        (changed.Status, changed.Message).Should().Be((422, "ConfigMap \"a\" is invalid: data: Forbidden: field is immutable when `immutable` is set"));
        (await api.SendAsync("PATCH", $"{Maps}/a", """{"metadata":{"labels":{"a":"b"}}}""", Merge)).Status.Should().Be(200);
    }
}
