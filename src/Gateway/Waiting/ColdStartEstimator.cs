namespace Octavo.Gateway.Waiting;

/// <summary>Learns per model how long it takes from the first request that finds no endpoint until one is ready.</summary>
internal sealed class ColdStartEstimator(TimeProvider time)
{
    private const double Weight = 0.5;
    private const double MaxSeconds = 300;
    private static readonly TimeSpan Unknown = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private readonly Dictionary<string, State> states = new(StringComparer.Ordinal);

    /// <summary>A request found no endpoint. The first since the last ready one begins the measurement.</summary>
    public void OnMissing(string key)
    {
        lock (gate)
        {
            if (!states.TryGetValue(key, out var state))
            {
                states[key] = state = new State();
            }

            state.MissingSince ??= time.GetUtcNow();
        }
    }

    public void OnReady(string key)
    {
        lock (gate)
        {
            if (states.TryGetValue(key, out var state) && state.MissingSince is { } since)
            {
                var seconds = (time.GetUtcNow() - since).TotalSeconds;
                state.EstimateSeconds = state.EstimateSeconds is { } before ? before + (Weight * (seconds - before)) : seconds;
                state.MissingSince = null;
            }
        }
    }

    /// <summary>
    /// Whole seconds for Retry-After, at least one: what is left of the learned time. A start that takes longer than any learned gets a quarter
    /// of the estimate more, so that clients neither storm nor leave.
    /// </summary>
    public int RetryAfterSeconds(string key)
    {
        lock (gate)
        {
            var state = states.GetValueOrDefault(key);
            var estimate = state?.EstimateSeconds ?? Unknown.TotalSeconds;
            var elapsed = state?.MissingSince is { } since ? (time.GetUtcNow() - since).TotalSeconds : 0;
            var left = estimate > elapsed ? estimate - elapsed : estimate / 4;
            return (int)Math.Ceiling(Math.Clamp(left, 1, MaxSeconds));
        }
    }

    private sealed class State
    {
        public DateTimeOffset? MissingSince { get; set; }
        public double? EstimateSeconds { get; set; }
    }
}
