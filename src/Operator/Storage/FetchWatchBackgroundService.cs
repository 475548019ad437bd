using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Health;
using Octavo.ControllerRuntime.LeaderElection;

namespace Octavo.Operator.Storage;

/// <summary>The clock of <see cref="FetchWatch"/>.</summary>
internal sealed class FetchWatchBackgroundService(
    FetchWatch watch,
    FetchStates states,
    InformerSet informers,
    Leadership leadership,
    Heartbeats heartbeats,
    TimeProvider timeProvider,
    ILogger<FetchWatchBackgroundService> logger) : LeaderTickService(informers, leadership, heartbeats, timeProvider, logger)
{
    protected override string Name => "fetch watch";

    protected override TimeSpan Interval => TimeSpan.FromSeconds(5);

    /// <summary>Every pod of a big cluster fetches and is asked in vain.</summary>
    protected override TimeSpan LongestTick => TimeSpan.FromMinutes(15);

    protected override void BeginTerm() => states.Keep(new HashSet<NamespacedName>());

    protected override Task TickAsync(CancellationToken cancellationToken) => watch.TickAsync(cancellationToken);
}
