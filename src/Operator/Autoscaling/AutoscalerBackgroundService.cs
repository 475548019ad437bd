using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Health;
using Octavo.ControllerRuntime.LeaderElection;
using Octavo.Operator.Configuration;

namespace Octavo.Operator.Autoscaling;

/// <summary>The autoscaler's clock. Numbers are held where a look fails.</summary>
internal sealed class AutoscalerBackgroundService(
    Autoscaler autoscaler,
    AutoscalerStates states,
    InformerSet informers,
    Leadership leadership,
    Heartbeats heartbeats,
    OperatorOptions options,
    TimeProvider timeProvider,
    ILogger<AutoscalerBackgroundService> logger) : LeaderTickService(informers, leadership, heartbeats, timeProvider, logger)
{
    protected override string Name => "autoscaler";

    protected override TimeSpan Interval => options.AutoscalingInterval;

    /// <summary>Every replica of a big cluster asked in vain, each to the end of its deadline.</summary>
    protected override TimeSpan LongestTick => TimeSpan.FromMinutes(15);

    protected override void BeginTerm() => states.Clear();

    protected override Task TickAsync(CancellationToken cancellationToken) => autoscaler.TickAsync(cancellationToken);
}
