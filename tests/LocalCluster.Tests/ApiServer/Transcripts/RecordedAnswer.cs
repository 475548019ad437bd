using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.Tests.ApiServer.Transcripts;

/// <summary>What a step got.</summary>
internal sealed record RecordedAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Text)
{
    public JsonNode? Body { get; init; }

    public JsonArray Events { get; init; } = [];

    public bool Closed { get; init; }
}
