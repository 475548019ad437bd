using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.Admin;

/// <summary>vLLM's.</summary>
internal sealed record LoadResponse(int ServerLoad);

internal sealed record DrainResponse(bool Draining, int InFlight);

/// <summary>What /stats tells. No text of any request.</summary>
internal sealed record StatsResponse
{
    public required string Model { get; init; }

    /// <summary>loading, ready, draining or failed.</summary>
    public required string State { get; init; }
    public required double UptimeSeconds { get; init; }

    /// <summary>HTTP requests in progress.</summary>
    public required int ServerLoad { get; init; }
    public int Running { get; init; }
    public int Waiting { get; init; }
    public double KvCacheUsage { get; init; }
    public double PrefixCacheHitRate { get; init; }
    public long UncachedQueuedTokens { get; init; }
    public long Preemptions { get; init; }
    public long Steps { get; init; }

    /// <summary>Oldest first; at most a thousand.</summary>
    public required IReadOnlyList<RequestState> Requests { get; init; }
}

/// <summary>A request in flight.</summary>
internal sealed record RequestState(string RequestId, string? ClientRequestId, string? Tenant, string State, int PromptTokens, int Answers, int GeneratedTokens, double AgeSeconds)
{
    public static RequestState From(LiveRequest request) => new(
        request.RequestId, request.ClientRequestId, request.Tenant, request.State, request.PromptTokens, request.Answers, request.GeneratedTokens, Math.Round(request.Age.TotalSeconds, 3));
}
