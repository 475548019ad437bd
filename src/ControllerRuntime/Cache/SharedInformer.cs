using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Octavo.ControllerRuntime.Retry;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Cache;

/// <summary>
/// Keeps a cache of one kind by list and watch, and tells handlers. A stream that ends or breaks is resumed after the last version seen; where the server
/// no longer knows that version (410) everything is listed again, and what vanished meanwhile is told as a deletion.
/// </summary>
public sealed class SharedInformer<T> : IInformer where T : class, IKubernetesObject
{
    /// <summary>A watch that ends sooner without an event is a failure in disguise; without this it would be asked for in a tight loop.</summary>
    private static readonly TimeSpan ShortestWatch = TimeSpan.FromSeconds(1);

    private readonly IKubernetesClient client;
    private readonly InformerOptions options;
    private readonly TimeProvider timeProvider;
    private readonly ILogger logger;
    private readonly Random random;
    private readonly ExponentialBackoff backoff;
    private readonly InformerStore<T> store;
    private readonly TaskCompletionSource synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? resourceVersion;
    private int gone;

    public SharedInformer(IKubernetesClient client, InformerOptions options, TimeProvider timeProvider, ILogger logger, Random? random = null)
    {
        this.client = client;
        this.options = options;
        this.timeProvider = timeProvider;
        this.logger = logger;
        this.random = random ?? new Random(RandomNumberGenerator.GetInt32(int.MaxValue));
        backoff = new ExponentialBackoff(options.InitialBackoff, options.MaxBackoff, jitter: 1, this.random);
        store = new InformerStore<T>(Name, logger);
        Lister = new Lister<T>(store.Indexer);
    }

    public string Name => KubernetesEntityAttribute.Of<T>().PluralName;

    public Lister<T> Lister { get; }

    public bool HasSynced => synced.Task.IsCompletedSuccessfully;

    /// <summary>The version up to which the cache is complete.</summary>
    public string? LastSyncResourceVersion => Volatile.Read(ref resourceVersion);

    public Task WaitForSyncAsync(CancellationToken cancellationToken) => synced.Task.WaitAsync(cancellationToken);

    /// <summary>Makes <see cref="Lister{T}.ByIndex"/> answer for <paramref name="name"/>.</summary>
    public void AddIndex(string name, Func<T, IEnumerable<string>> keys) => store.Indexer.AddIndex(name, keys);

    /// <summary>At any time: a handler that comes late is first told of everything there is.</summary>
    public void AddEventHandler(IResourceEventHandler<T> handler) => store.AddHandler(handler);

    public void AddEventHandler(Action<T>? onAdd = null, Action<T, T>? onUpdate = null, Action<T>? onDelete = null) =>
        AddEventHandler(new DelegateEventHandler<T>(onAdd, onUpdate, onDelete));

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var wait = await ListAndWatchAsync(cancellationToken).ConfigureAwait(false);
                if (wait > TimeSpan.Zero)
                {
                    await Task.Delay(wait, timeProvider, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // Whatever breaks while we are told to stop (the connection, mostly) is the stopping.
        }
    }

    /// <summary>One attempt; gives how long to wait before the next.</summary>
    private async Task<TimeSpan> ListAndWatchAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (resourceVersion is null)
            {
                await ListAsync(cancellationToken).ConfigureAwait(false);
            }

            var started = timeProvider.GetTimestamp();
            var events = await WatchAsync(cancellationToken).ConfigureAwait(false);
            if (events > 0 || timeProvider.GetElapsedTime(started) >= ShortestWatch)
            {
                return TimeSpan.Zero;
            }

            return Back("the watch ended at once", null);
        }
        catch (KubernetesException exception) when (exception.IsGone)
        {
            var wasKnown = resourceVersion;
            Volatile.Write(ref resourceVersion, null);
            CacheLog.Expired(logger, Name, wasKnown);

            // The first time at once; a server that answers 410 again and again is not to be hammered with lists.
            var wait = backoff.Next();
            return gone++ == 0 ? TimeSpan.Zero : wait;
        }
        catch (KubernetesException exception)
        {
            // The server refuses what was asked: nothing is certain about this version, so begin anew. While it is overloaded only the request was refused.
            if (exception.RetryAfter is null && (int)exception.StatusCode is not (429 or 503))
            {
                Volatile.Write(ref resourceVersion, null);
            }

            var wait = Back(exception.Message, null);
            return exception.RetryAfter > wait ? exception.RetryAfter.Value : wait;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // The network, the credentials, a half line, a time-out: resume after the last whole event. An object that cannot be read could stop a
            // resumed watch for ever, whereas a list names it again and again in the log and recovers when it is gone.
            if (exception is JsonException or InvalidDataException)
            {
                Volatile.Write(ref resourceVersion, null);
            }

            var isUsual = exception is HttpRequestException or IOException or TimeoutException;
            return Back(exception.Message, isUsual ? null : exception);
        }
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        var list = await client.ListAllAsync<T>(
            options.Namespace,
            new ListOptions { LabelSelector = options.LabelSelector, FieldSelector = options.FieldSelector, Limit = options.PageSize },
            cancellationToken).ConfigureAwait(false);
        store.Replace(list.Items);
        Volatile.Write(ref resourceVersion, list.Metadata.ResourceVersion);
        CacheLog.Listed(logger, Name, list.Items.Count, list.Metadata.ResourceVersion);
        synced.TrySetResult();
    }

    private async Task<int> WatchAsync(CancellationToken cancellationToken)
    {
        var seconds = options.MinWatchTimeout.TotalSeconds * (1 + random.NextDouble());
        var query = new WatchOptions
        {
            ResourceVersion = resourceVersion,
            LabelSelector = options.LabelSelector,
            FieldSelector = options.FieldSelector,
            TimeoutSeconds = Math.Max(1, (int)seconds),
        };
        var events = 0;
        await foreach (var change in client.WatchAsync<T>(options.Namespace, query, cancellationToken).ConfigureAwait(false))
        {
            store.Apply(change);
            if (change.Object.Metadata.ResourceVersion is { Length: > 0 } version)
            {
                Volatile.Write(ref resourceVersion, version);
            }

            events++;
            gone = 0;
            backoff.Reset();
        }

        return events;
    }

    private TimeSpan Back(string reason, Exception? exception)
    {
        var wait = backoff.Next();
        CacheLog.Retrying(logger, exception, Name, reason, wait.TotalSeconds);
        return wait;
    }
}
