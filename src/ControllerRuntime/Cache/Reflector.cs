using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Octavo.ControllerRuntime.Health;
using Octavo.ControllerRuntime.Retry;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Cache;

/// <summary>
/// Keeps the part of a store that one list and watch covers: one namespace, or everything. A stream that ends or breaks is resumed after the last version
/// seen; where the server no longer knows that version (410) everything is listed again, and what vanished meanwhile is told as a deletion.
/// </summary>
internal sealed class Reflector<T>(
    IKubernetesClient client, string? namespaceName, InformerOptions options, bool isOptional, InformerStore<T> store, TimeProvider timeProvider, Random random, ILogger logger, Heartbeats? heartbeats, Action changed)
    where T : class, IKubernetesObject
{
    /// <summary>A watch that ends sooner without an event is a failure in disguise; without this it would be asked for in a tight loop.</summary>
    private static readonly TimeSpan ShortestWatch = TimeSpan.FromSeconds(1);

    private readonly ExponentialBackoff backoff = new(options.InitialBackoff, options.MaxBackoff, jitter: 1, random);
    private string? resourceVersion;
    private volatile bool hasSynced;
    private volatile CacheTrouble? trouble;
    private int gone;

    public string Name { get; } = namespaceName is null ? KubernetesEntityAttribute.Of<T>().PluralName : $"{KubernetesEntityAttribute.Of<T>().PluralName} in {namespaceName}";

    /// <summary>Its part of the store has been complete once, since the beginning or since <see cref="Forget"/>.</summary>
    public bool HasSynced => hasSynced;

    /// <summary>Why the last attempt failed; null while all is well.</summary>
    public CacheTrouble? Trouble => trouble;

    /// <summary>The version up to which its part of the store is complete.</summary>
    public string? ResourceVersion => Volatile.Read(ref resourceVersion);

    /// <summary>The longest watch, its connection's grace, the longest pause, and time to list.</summary>
    private TimeSpan LongestSilence => (options.MinWatchTimeout * 2) + options.MaxBackoff + options.RefusalPause + TimeSpan.FromMinutes(10);

    /// <summary>Lists and watches until cancelled; the network's failures never end it. May be run again afterwards.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var life = heartbeats?.Begin($"cache of {Name}", LongestSilence);
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                life?.Beat();
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

    /// <summary>Only while it does not run: the next run begins with a list, and counts as the first.</summary>
    public void Forget()
    {
        Volatile.Write(ref resourceVersion, null);
        hasSynced = false;
        trouble = null;
        gone = 0;
        backoff.Reset();
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
                Settle(null);
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

            var isRefusal = exception.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound;
            var wait = isRefusal && isOptional ? Refused(exception.Message) : Back(exception.Message, null, isRefusal);
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
            namespaceName,
            new ListOptions { LabelSelector = options.LabelSelector, FieldSelector = options.FieldSelector, Limit = options.PageSize },
            cancellationToken).ConfigureAwait(false);
        store.Replace(list.Items, namespaceName);
        Volatile.Write(ref resourceVersion, list.Metadata.ResourceVersion);
        CacheLog.Listed(logger, Name, list.Items.Count, list.Metadata.ResourceVersion);
        hasSynced = true;
        trouble = null;
        changed();
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
        await foreach (var change in client.WatchAsync<T>(namespaceName, query, cancellationToken).ConfigureAwait(false))
        {
            store.Apply(change);
            if (change.Object.Metadata.ResourceVersion is { Length: > 0 } version)
            {
                Volatile.Write(ref resourceVersion, version);
            }

            if (events++ == 0)
            {
                Settle(null);
            }

            gone = 0;
            backoff.Reset();
        }

        return events;
    }

    private TimeSpan Back(string reason, Exception? exception, bool isRefusal = false)
    {
        var wait = backoff.Next();
        CacheLog.Retrying(logger, exception, Name, reason, wait.TotalSeconds);
        Settle(new CacheTrouble(reason, isRefusal));
        return wait;
    }

    private TimeSpan Refused(string reason)
    {
        if (trouble is not { IsRefusal: true })
        {
            CacheLog.Refused(logger, Name, reason, options.RefusalPause.TotalSeconds);
        }

        Settle(new CacheTrouble(reason, IsRefusal: true));
        var wait = backoff.Next();
        return wait > options.RefusalPause ? wait : options.RefusalPause;
    }

    private void Settle(CacheTrouble? now)
    {
        if (trouble != now)
        {
            trouble = now;
            changed();
        }
    }
}
