using Octavo.Gateway.Picking;
using Octavo.Gateway.Waiting;

namespace Octavo.Gateway.Routing;

/// <summary>Tells the others what a new directory means: endpoints gone, models ready, requests to let go, collisions to log.</summary>
internal sealed partial class DirectoryObserver(ModelDirectoryStore store, EndpointTracker tracker, ColdStartEstimator estimator, WaitingRoom room, ILogger<DirectoryObserver> logger) : IHostedService
{
    private HashSet<ModelCollision> logged = [];

    public Task StartAsync(CancellationToken cancellationToken)
    {
        store.Changed += OnChanged;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        store.Changed -= OnChanged;
        return Task.CompletedTask;
    }

    private void OnChanged()
    {
        var directory = store.Current;
        tracker.Retain(directory.Routes.SelectMany(r => r.Endpoints).ToHashSet());
        foreach (var route in directory.Routes.Where(r => r.Endpoints.Count > 0))
        {
            estimator.OnReady(route.Key);
        }

        foreach (var collision in directory.Collisions.Where(c => !logged.Contains(c)))
        {
            LogCollision(collision.Name, collision.WinnerKey, collision.LoserKey);
        }

        logged = [.. directory.Collisions];
        room.Signal();
    }

    [LoggerMessage(EventId = 30, Level = LogLevel.Warning, Message = "Model name {Name} is offered by {Winner} and by {Loser}: requests go to {Winner}, the older one")]
    private partial void LogCollision(string name, string winner, string loser);
}
