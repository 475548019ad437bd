using System.Text;
using System.Text.Json.Nodes;
using Octavo.ServingContract;

namespace Octavo.Cli.Demo;

/// <summary>A small OpenAI client: asks the gateway and shows the answer as it streams.</summary>
internal sealed class DemoChat(Uri gateway)
{
    private const string DataPrefix = "data: ";
    private const string Done = "[DONE]";

    private readonly HttpClient http = new() { BaseAddress = gateway, Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Waits until the gateway lists the model: its watch may lag behind the Ready condition by a moment.</summary>
    public async Task WaitForModelAsync(string model, Action<string> news, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        while (true)
        {
            var models = JsonNode.Parse(await http.GetStringAsync(ServingPaths.Models, cancellationToken))?["data"] as JsonArray ?? [];
            var ids = models.Select(m => m?["id"]?.GetValue<string>()).ToList();
            news(string.Join(", ", ids));
            if (ids.Contains(model))
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), timeProvider, cancellationToken);
        }
    }

    /// <summary>The whole answer; <paramref name="onDelta"/> gets each piece of text as it comes.</summary>
    public async Task<string> AskAsync(string model, string question, Action<string> onDelta, CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["model"] = model,
            ["stream"] = true,
            ["temperature"] = 0,
            ["max_tokens"] = 64,
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = question }),
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, ServingPaths.ChatCompletions) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw new DemoException($"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
        }

        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        var answer = new StringBuilder();
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line == DataPrefix + Done)
            {
                return answer.ToString();
            }

            if (!line.StartsWith(DataPrefix, StringComparison.Ordinal))
            {
                continue;
            }

            var chunk = JsonNode.Parse(line[DataPrefix.Length..]);
            if (chunk?["error"] is { } error)
            {
                throw new DemoException($"the stream reported an error: {error.ToJsonString()}");
            }

            if (chunk?["choices"]?.AsArray().FirstOrDefault()?["delta"]?["content"]?.GetValue<string>() is { Length: > 0 } text)
            {
                answer.Append(text);
                onDelta(text);
            }
        }

        throw new DemoException("the stream ended without [DONE]");
    }
}
