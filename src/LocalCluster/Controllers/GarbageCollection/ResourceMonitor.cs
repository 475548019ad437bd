using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.GarbageCollection;

/// <summary>Follows one resource, whatever its kind, by list and watch.</summary>
internal sealed partial class ResourceMonitor(IKubernetesClient client, DiscoveredResource resource, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);
    private readonly TaskCompletionSource synced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public DiscoveredResource Resource => resource;

    /// <summary>Completes when everything that existed has been told.</summary>
    public Task Synced => synced.Task;

    /// <param name="onListed">All objects there are.</param>
    /// <param name="onChange">One object that was added or changed, or (true) deleted.</param>
    public async Task RunAsync(Action<IReadOnlyList<V1ObjectMeta>> onListed, Action<V1ObjectMeta, bool> onChange, CancellationToken cancellationToken)
    {
        var path = ResourcePath.For(resource.GroupVersion, resource.Plural, null);
        string? version = null;
        try
        {
            while (true)
            {
                try
                {
                    version ??= await ListAsync(path, onListed, cancellationToken).ConfigureAwait(false);
                    await foreach (var change in client.WatchPathAsync<PartialObject>(path, new WatchOptions { ResourceVersion = version, TimeoutSeconds = 600 }, cancellationToken).ConfigureAwait(false))
                    {
                        version = change.Object.Metadata.ResourceVersion ?? version;
                        if (change.Type != WatchEventType.Bookmark)
                        {
                            onChange(change.Object.Metadata, change.Type == WatchEventType.Deleted);
                        }
                    }
                }
                catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
                {
                    if (exception is KubernetesException { IsNotFound: true })
                    {
                        synced.TrySetResult(); // The kind is going away; discovery will end this monitor.
                    }

                    LogRetry(path, exception.Message);
                    version = null;
                    await Task.Delay(Retry, time, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    private async Task<string> ListAsync(string path, Action<IReadOnlyList<V1ObjectMeta>> onListed, CancellationToken cancellationToken)
    {
        var answer = await client.SendAsync(HttpMethod.Get, path, null, null, cancellationToken).ConfigureAwait(false);
        var list = KubernetesJson.FromNode<KubernetesList<PartialObject>>(answer!);
        onListed([.. list.Items.Select(i => i.Metadata)]);
        synced.TrySetResult();
        return list.Metadata.ResourceVersion ?? "0";
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "garbage collector lists {Path} again: {Reason}")]
    private partial void LogRetry(string path, string reason);
}
