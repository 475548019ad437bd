using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.Tests.ApiServer.Transcripts;

/// <summary>Holds one answer against the `expected` of its step.</summary>
internal static class ExpectationChecker
{
    /// <exception cref="DifferenceException">The answer differs.</exception>
    public static void Check(JsonObject step, RecordedAnswer actual, AnswerComparer comparer)
    {
        if (step["expected"] is not JsonObject expected)
        {
            return;
        }

        if (expected["statusIn"] is JsonArray allowed)
        {
            if (!allowed.Any(s => s!.GetValue<int>() == actual.Status))
            {
                throw new DifferenceException($"setup: status {actual.Status}: {actual.Text}");
            }

            return;
        }

        if (expected["status"]?.GetValue<int>() is { } status && status != actual.Status)
        {
            throw new DifferenceException($"status: expected {status}, got {actual.Status} {actual.Text}");
        }

        foreach (var (name, value) in expected["headers"] as JsonObject ?? [])
        {
            if (!actual.Headers.TryGetValue(name, out var got))
            {
                throw new DifferenceException($"header {name}: missing (expected '{value}')");
            }

            comparer.CompareText(value!.ToString(), got, "header " + name);
        }

        if (expected["body"] is { } body)
        {
            comparer.CompareNode(body, actual.Body ?? throw new DifferenceException($"body: not JSON: {actual.Text}"), "body");
        }

        if (expected["bodyText"] is { } text)
        {
            comparer.CompareText(text.ToString(), actual.Text, "body");
        }

        foreach (var part in expected["bodyContains"] as JsonArray ?? [])
        {
            if (!actual.Text.Contains(comparer.Literal(part!.ToString()), StringComparison.Ordinal))
            {
                throw new DifferenceException($"body does not contain {part}");
            }
        }

        if (expected["events"] is JsonArray events)
        {
            comparer.CompareNode(events, actual.Events, "events");
        }

        if (expected["closed"]?.GetValue<bool>() is { } closed && closed != actual.Closed)
        {
            throw new DifferenceException($"stream closed: expected {closed}, got {actual.Closed}");
        }

        foreach (var path in step["absent"] as JsonArray ?? [])
        {
            if (JsonPaths.TryFind(actual.Body, path!.ToString(), out var present))
            {
                throw new DifferenceException($"body.{path}: must be absent, got {present?.ToJsonString()}");
            }
        }
    }
}
