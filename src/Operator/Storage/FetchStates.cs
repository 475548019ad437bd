using System.Collections.Concurrent;
using Octavo.ControllerRuntime;
using Octavo.ServingContract;

namespace Octavo.Operator.Storage;

/// <summary>What is told of the fetches that run, by InferenceService. It changes seldom, so that a status made from it does.</summary>
internal sealed class FetchStates
{
    private readonly ConcurrentDictionary<NamespacedName, (FetchProgress Progress, DateTimeOffset At)> told = new();

    /// <summary>Null while nothing is fetched for the service, and before its fetch told anything.</summary>
    public FetchProgress? Find(NamespacedName service) => told.TryGetValue(service, out var state) ? state.Progress : null;

    /// <summary>True where it is told; false where it says too little new, and what was told stays.</summary>
    public bool Tell(NamespacedName service, FetchProgress progress, DateTimeOffset now)
    {
        if (told.TryGetValue(service, out var before) && !FetchNews.IsWorthTelling(before.Progress, progress, now - before.At))
        {
            return false;
        }

        told[service] = (progress, now);
        return true;
    }

    /// <summary>Drops all others: their fetches have ended.</summary>
    public void Keep(IReadOnlySet<NamespacedName> services)
    {
        foreach (var service in told.Keys.Where(key => !services.Contains(key)))
        {
            told.TryRemove(service, out _);
        }
    }
}
