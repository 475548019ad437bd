using static Octavo.LocalCluster.Tests.ApiServer.Behaviour.ApiCaller;

namespace Octavo.LocalCluster.Tests.ApiServer.Behaviour;

/// <summary>Custom resources, where no recorded case is at hand.</summary>
public sealed class CustomResourceBehaviourTests
{
    private const string Definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.dev";

    [Fact]
    public async Task Create_UnknownFieldsAndDefaults_ArePrunedWarnedOfAndFilled()
    {
        await using var api = await StartWithWidgetsAsync();
        var created = await api.SendAsync("POST", Widgets, Widget("""{"bogus":1,"nested":{}}"""));
        (created.Status, created.Body!["spec"]!.ToJsonString()).Should().Be((201, """{"nested":{"deep":"x"},"size":3}"""));
        created.Warnings.Single().Should().Contain("unknown field \\\"spec.bogus\\\"");
        var strict = await api.SendAsync("POST", $"{Widgets}?fieldValidation=Strict", Widget("""{"bogus":1}""", "v"));
        strict.Status.Should().Be(400);
        strict.Message.Should().Contain("strict decoding error: unknown field \"spec.bogus\"");
        var emptied = await api.SendAsync("PATCH", $"{Widgets}/w", """{"spec":{"nested":null,"size":null}}""", Merge);
        emptied.Body!["spec"]!.ToJsonString().Should().Be("""{"size":3}""");
        var nulled = await api.SendAsync("POST", Widgets, Widget("""{"size":null}""", "n"));
        nulled.Body!["spec"]!["size"]!.GetValue<int>().Should().Be(3, "null for a field with a default that is not nullable becomes the default");
    }

    [Fact]
    public async Task Schema_TightenedLater_LetsWhatIsUnchangedPass()
    {
        await using var api = await StartWithWidgetsAsync();
        await api.SendAsync("POST", Widgets, Widget("""{"size":9,"color":"red"}"""));
        var tight = """{"type":"object","properties":{"size":{"type":"integer","default":3,"maximum":5},"color":{"type":"string"}}}""";
        var current = (await api.SendAsync("GET", Definition)).Body!;
        current["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"] = System.Text.Json.Nodes.JsonNode.Parse(tight);
        (await api.SendAsync("PUT", Definition, current.ToJsonString())).Status.Should().Be(200);
        while ((await api.SendAsync("POST", $"{Widgets}?dryRun=All", Widget("""{"size":9}""", "probe"))).Status != 422)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }

        (await api.SendAsync("GET", $"{Widgets}/w")).Status.Should().Be(200);
        (await api.SendAsync("PATCH", $"{Widgets}/w", """{"spec":{"color":"blue"}}""", Merge)).Status.Should().Be(200);
        var changed = await api.SendAsync("PATCH", $"{Widgets}/w", """{"spec":{"size":8}}""", Merge);
        (changed.Status, changed.Message).Should().Be((422, "Widget.example.dev \"w\" is invalid: spec.size: Invalid value: 8: spec.size in body should be less than or equal to 5"));
    }

    [Fact]
    public async Task Put_WithoutVersion_IsInvalid()
    {
        await using var api = await StartWithWidgetsAsync();
        await api.SendAsync("POST", Widgets, Widget("{}"));
        var put = await api.SendAsync("PUT", $"{Widgets}/w", Widget("""{"size":4}"""));
        (put.Status, put.Message).Should().Be((422, "widgets.example.dev \"w\" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update"));
    }

    private static string Widget(string spec, string name = "w") => $$"""{"apiVersion":"example.dev/v1","kind":"Widget","metadata":{"name":"{{name}}"},"spec":{{spec}} }""";
}
