using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Octavo.LocalCluster.Tests.ApiServer.Transcripts;

/// <summary>Replays one recorded case against a server and finds its first difference.</summary>
internal sealed partial class TranscriptReplayer : IAsyncDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(150);
    private readonly HttpClient _client;
    private readonly string _token;
    private readonly Dictionary<string, string> _variables;
    private readonly Dictionary<string, WatchReader> _watches = [];
    private readonly AnswerComparer _comparer;

    public TranscriptReplayer(HttpClient client, string token)
    {
        (_client, _token) = (client, token);
        _variables = new Dictionary<string, string> { ["ns"] = "conf-" + Word(7), ["rand"] = "r" + Word(8) };
        _comparer = new AnswerComparer(_variables);
    }

    /// <returns>The difference, or null when every step answers as recorded.</returns>
    public async Task<string?> ReplayAsync(JsonObject transcript)
    {
        var number = 0;
        try
        {
            foreach (var step in transcript["steps"]!.AsArray().OfType<JsonObject>())
            {
                number++;
                await RunAsync(step);
            }

            return null;
        }
        catch (DifferenceException difference)
        {
            return $"step {number}: {difference.Message}";
        }
        finally
        {
            foreach (var step in (transcript["cleanup"] as JsonArray ?? []).OfType<JsonObject>())
            {
                try
                {
                    await SendAsync(step);
                }
                catch (Exception error) when (error is DifferenceException or HttpRequestException)
                {
                    // The case failed before there was something to clean up.
                }
            }
        }
    }

    public static IReadOnlyDictionary<string, string> HeadersOf(HttpResponseMessage response) => response.Headers.NonValidated
        .Concat(response.Content.Headers.NonValidated).ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase);

    public async ValueTask DisposeAsync()
    {
        foreach (var watch in _watches.Values)
        {
            await watch.DisposeAsync();
        }
    }

    private static string Word(int length) =>
        System.Security.Cryptography.RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz", length);

    private async Task RunAsync(JsonObject step)
    {
        switch (step["op"]!.ToString())
        {
            case "watch-start":
                using (var request = MakeRequest(step))
                {
                    _watches[step["id"]!.ToString()] = await WatchReader.StartAsync(_client, request);
                }

                break;
            case "watch-read":
                var reading = _watches[step["id"]!.ToString()];
                var events = await reading.TakeAsync(step["count"]!.GetValue<int>(), Seconds(step, "withinSeconds", 10));
                ExpectationChecker.Check(step, new RecordedAnswer(reading.Status, reading.Headers, "") { Events = events }, _comparer);
                if (events.Count > 0)
                {
                    Capture(step, events[^1]);
                }

                break;
            case "watch-end":
                var ending = _watches[step["id"]!.ToString()];
                var (closed, left) = await ending.EndAsync(Seconds(step, "withinSeconds", 15));
                ExpectationChecker.Check(step, new RecordedAnswer(ending.Status, ending.Headers, "") { Events = left, Closed = closed }, _comparer);
                break;
            case "poll":
                await PollAsync(step);
                break;
            default:
                var answer = await SendAsync(step);
                ExpectationChecker.Check(step, answer, _comparer);
                Capture(step, answer.Body);
                break;
        }
    }

    private async Task PollAsync(JsonObject step)
    {
        var timeout = Seconds(step, "timeoutSeconds", 20);
        var start = TimeProvider.System.GetTimestamp();
        RecordedAnswer answer;
        while (!Holds(step["until"]!.AsArray(), answer = await SendAsync(step)))
        {
            if (TimeProvider.System.GetElapsedTime(start) > timeout)
            {
                if (step["optional"]?.GetValue<bool>() == true)
                {
                    return;
                }

                throw new DifferenceException($"{step["until"]!.ToJsonString()} not reached; last answer {answer.Status} {answer.Text}");
            }

            await Task.Delay(PollInterval, TimeProvider.System);
        }

        ExpectationChecker.Check(step, answer, _comparer);
        Capture(step, answer.Body);
    }

    private bool Holds(JsonArray conditions, RecordedAnswer answer)
    {
        foreach (var condition in conditions.OfType<JsonObject>())
        {
            if (condition["httpStatus"] is { } status)
            {
                if (status.GetValue<int>() != answer.Status)
                {
                    return false;
                }

                continue;
            }

            var found = JsonPaths.TryFind(answer.Body, condition["path"]!.ToString(), out var value);
            var holds = condition["absent"]?.GetValue<bool>() == true ? !found : found;
            if (condition["equals"] is { } wanted)
            {
                holds &= wanted.GetValueKind() == JsonValueKind.String
                    ? value?.ToString() == Substitute(wanted.ToString(), escape: false)
                    : JsonNode.DeepEquals(wanted, value);
            }

            if (condition["contains"] is { } part)
            {
                holds &= value?.ToString().Contains(Substitute(part.ToString(), escape: false), StringComparison.Ordinal) == true;
            }

            if (condition["length"] is { } length)
            {
                holds &= ((value as JsonArray)?.Count ?? 0) == length.GetValue<int>();
            }

            if (!holds)
            {
                return false;
            }
        }

        return true;
    }

    private async Task<RecordedAnswer> SendAsync(JsonObject step)
    {
        using var request = MakeRequest(step);
        using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

        // Reading the content parses Content-Type, and what is parsed is no longer as it was sent.
        var headers = HeadersOf(response);
        var text = await response.Content.ReadAsStringAsync();
        JsonNode? body = null;
        try
        {
            body = text.Length == 0 ? null : JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            // Not every answer is JSON.
        }

        return new RecordedAnswer((int)response.StatusCode, headers, text) { Body = body };
    }

    private HttpRequestMessage MakeRequest(JsonObject step)
    {
        var request = new HttpRequestMessage(
            new HttpMethod(step["method"]!.ToString()), new Uri(_client.BaseAddress!, Substitute(step["path"]!.ToString(), escape: true)));
        if (Body(step) is { } body)
        {
            request.Content = new ByteArrayContent(body);
        }

        foreach (var (name, value) in step["headers"] as JsonObject ?? [])
        {
            var text = Substitute(value!.ToString(), escape: false);
            if (name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase))
            {
                request.Content ??= new ByteArrayContent([]);
                request.Content.Headers.TryAddWithoutValidation(name, text);
            }
            else
            {
                request.Headers.TryAddWithoutValidation(name, text);
            }
        }

        var auth = step["auth"]?.ToString() ?? "default";
        if (auth != "none")
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", auth == "default" ? _token : Substitute(auth, escape: false));
        }

        return request;
    }

    private byte[]? Body(JsonObject step)
    {
        if (step["bodyRepeat"] is { } repeat)
        {
            var unit = repeat["unit"]!.ToString();
            var filling = new StringBuilder().Insert(0, unit, repeat["times"]!.GetValue<int>()).ToString();
            return Encoding.UTF8.GetBytes(Substitute(repeat["template"]!.ToString(), escape: false).Replace("@@@", filling, StringComparison.Ordinal));
        }

        if (step["bodyText"] is { } text)
        {
            return Encoding.UTF8.GetBytes(Substitute(text.ToString(), escape: false));
        }

        return step.TryGetPropertyValue("body", out var body) ? Encoding.UTF8.GetBytes(Spaced(SubstituteTree(body))) : null;
    }

    // The recordings' bodies have spaces after commas and colons, and some errors quote the body.
    private static string Spaced(JsonNode? node) => node switch
    {
        JsonObject map => "{" + string.Join(", ", map.Select(p => $"{JsonSerializer.Serialize(p.Key)}: {Spaced(p.Value)}")) + "}",
        JsonArray list => "[" + string.Join(", ", list.Select(Spaced)) + "]",
        null => "null",
        _ => node.ToJsonString(),
    };

    private JsonNode? SubstituteTree(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.Select(p => new KeyValuePair<string, JsonNode?>(Substitute(p.Key, escape: false), SubstituteTree(p.Value)))),
        JsonArray list => new JsonArray([.. list.Select(SubstituteTree)]),
        JsonValue value when value.TryGetValue(out string? text) => JsonValue.Create(Substitute(text, escape: false)),
        _ => node?.DeepClone(),
    };

    private string Substitute(string text, bool escape) => Variable().Replace(text, match =>
    {
        var value = _variables.TryGetValue(match.Groups[1].Value, out var known)
            ? known
            : throw new DifferenceException($"variable {match.Groups[1].Value} was never captured");
        return escape ? Uri.EscapeDataString(value) : value;
    });

    private void Capture(JsonObject step, JsonNode? body)
    {
        foreach (var (name, path) in step["capture"] as JsonObject ?? [])
        {
            if (!JsonPaths.TryFind(body, path!.ToString(), out var value))
            {
                throw new DifferenceException($"nothing at {path} to capture as {name}");
            }

            _variables[name] = value?.ToString() ?? "";
        }
    }

    private static TimeSpan Seconds(JsonObject step, string name, double otherwise) =>
        TimeSpan.FromSeconds(step[name]?.GetValue<double>() ?? otherwise);

    [GeneratedRegex(@"\$\{(\w+)\}", RegexOptions.None, 1000)]
    private static partial Regex Variable();
}
