using System.Net;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;

namespace Octavo.IntegrationTests;

[Collection(PlatformCollection.Name)]
public sealed class BadInputTests(Platform platform)
{
    private const string Collection = "/apis/serving.octavo.dev/v1alpha1/namespaces/default/inferenceservices";

    [Fact]
    public async Task Create_WrongType_Is422NamingTheField()
    {
        var create = () => CreateAsync("""{"model":{"uri":"file:///models/octavo-tiny"},"replicas":"two"}""", "");

        var refused = (await create.Should().ThrowAsync<KubernetesException>()).Which;
        refused.StatusCode.Should().Be(HttpStatusCode.UnprocessableEntity);
        refused.Message.Should().Contain("spec.replicas");
    }

    [Fact]
    public async Task Create_UnknownFieldStrict_IsRefusedNamingTheField()
    {
        var create = () => CreateAsync("""{"model":{"uri":"file:///models/octavo-tiny"},"scaleToZero":true}""", "?fieldValidation=Strict");

        (await create.Should().ThrowAsync<KubernetesException>()).WithMessage("*unknown field \"spec.scaleToZero\"*");
    }

    [Fact]
    public async Task Create_ReplicasAndAutoscaling_IsRefusedByTheSchemasRule()
    {
        var create = () => CreateAsync("""{"model":{"uri":"file:///models/octavo-tiny"},"replicas":2,"autoscaling":{"minReplicas":1,"maxReplicas":3}}""", "");

        (await create.Should().ThrowAsync<KubernetesException>()).Which.StatusCode.Should().Be(HttpStatusCode.UnprocessableEntity);
    }

    [Fact]
    public async Task Apply_MissingModel_SaysSoInTheConditionAndTheOperatorLivesOn()
    {
        await platform.ApplyAsync("absent", spec => spec["model"]!["uri"] = "file:///models/no-such-model");

        var service = await platform.WaitAsync("absent", s => Platform.Condition(s, "ModelReady")?["status"]?.GetValue<string>() == "False");

        Platform.Condition(service, "ModelReady")!["message"]!.GetValue<string>().Should().Contain("/models/no-such-model");
        Platform.Condition(service, "Ready")!["status"]!.GetValue<string>().Should().Be("False");
        platform.OperatorProcess.HasExited.Should().BeFalse();
        await platform.DeleteAsync("absent");
    }

    [Fact]
    public async Task Chat_BadRequests_GetOpenAIsEnvelope()
    {
        await platform.ApplyAsync("strict");
        await platform.WaitReadyAsync("strict");
        using var warm = await FirstLightTests.RetryUntilRoutedAsync(() => platform.ChatAsync("strict", "Hello"));

        await ExpectErrorAsync(await platform.ChatAsync("no-such-model", "Hello"), HttpStatusCode.NotFound, "no-such-model");
        await ExpectErrorAsync(await platform.ChatAsync("strict", string.Concat(Enumerable.Repeat("word ", 3000))), HttpStatusCode.BadRequest, "1024");
        await ExpectErrorAsync(await platform.ChatAsync("strict", "Hello", maxTokens: 5000), HttpStatusCode.BadRequest, "max_tokens");
        await ExpectErrorAsync(await platform.Gateway.PostAsync("v1/chat/completions", new StringContent("{\"model\": \"strict\", ", System.Text.Encoding.UTF8, "application/json")), HttpStatusCode.BadRequest, "JSON");
        await platform.DeleteAsync("strict");
    }

    private static async Task ExpectErrorAsync(HttpResponseMessage response, HttpStatusCode status, string mention)
    {
        using (response)
        {
            var text = await response.Content.ReadAsStringAsync();
            response.StatusCode.Should().Be(status, text);
            var error = JsonNode.Parse(text)!["error"]!;
            error["message"]!.GetValue<string>().Should().Contain(mention);
            error["type"].Should().NotBeNull();
        }
    }

    private Task<JsonNode?> CreateAsync(string spec, string query) => platform.Client.SendAsync(
        HttpMethod.Post,
        Collection + query,
        JsonNode.Parse($$"""{"apiVersion":"serving.octavo.dev/v1alpha1","kind":"InferenceService","metadata":{"name":"bad"},"spec":{{spec}}}"""),
        "application/json",
        Platform.Timeout(10));
}
