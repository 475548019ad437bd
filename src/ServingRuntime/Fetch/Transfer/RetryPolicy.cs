using System.Globalization;

namespace Octavo.ServingRuntime.Fetch.Transfer;

/// <summary>Exponential back-off with full jitter (Brooker, "Exponential Backoff And Jitter"), and no sooner than the source asks.</summary>
internal sealed class RetryPolicy(FetchEnvironment environment, int attempts)
{
    private static readonly TimeSpan Base = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Cap = TimeSpan.FromSeconds(30);

    /// <summary>A source that asks for more is not waited for: the caller's caller tries again later.</summary>
    private static readonly TimeSpan LongestRequested = TimeSpan.FromMinutes(5);

    /// <summary>Runs the action until it succeeds, fails for good, or has failed as often as allowed.</summary>
    public async Task<T> RunAsync<T>(string what, Func<CancellationToken, Task<T>> action, CancellationToken cancellationToken)
    {
        for (var failures = 1; ; failures++)
        {
            try
            {
                return await action(cancellationToken).ConfigureAwait(false);
            }
            catch (FetchException e) when (e.IsTransient)
            {
                await WaitAsync(what, e, failures, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Waits before the next try.</summary>
    /// <exception cref="FetchException">No further try is allowed: the failure itself, no longer transient.</exception>
    public async Task WaitAsync(string what, FetchException failure, int failures, CancellationToken cancellationToken)
    {
        if (failures >= attempts || failure.RetryAfter > LongestRequested)
        {
            var why = failure.RetryAfter > LongestRequested ? $" (the source asks to wait {failure.RetryAfter.Value.TotalSeconds:F0} s)" : failures > 1 ? $" ({failures} tries)" : "";
            throw new FetchException(failure.Code, failure.Message.TrimEnd('.') + why + ".", failure);
        }

        var delay = Delay(failures, failure.RetryAfter);
        environment.Say(string.Create(CultureInfo.InvariantCulture, $"{what}: {failure.Message.TrimEnd('.')}; trying again in {delay.TotalSeconds:F1} s ({failures} of {attempts - 1})"));
        await Task.Delay(delay, environment.Time, cancellationToken).ConfigureAwait(false);
    }

    private TimeSpan Delay(int failures, TimeSpan? requested)
    {
        double jitter;
        lock (environment.Random)
        {
            jitter = environment.Random.NextDouble();
        }

        var longest = Math.Min(Cap.TotalSeconds, Base.TotalSeconds * Math.Pow(2, failures));
        var own = TimeSpan.FromSeconds(longest * (0.1 + (0.9 * jitter)));
        // Whoever waits for the same source is told the same time: spread them.
        return requested is { } asked ? asked + (own / 2) : own;
    }}
