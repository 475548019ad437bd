using System.Globalization;
using Microsoft.Extensions.Logging;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using System.Text.Json.Nodes;

namespace Octavo.ControllerRuntime.Events;

/// <summary>
/// Writes Events as <c>kubectl describe</c> shows them. What was said before about the same object is counted up in the same Event; an object that is
/// talked about too much is no longer listened to. An Event that cannot be written is logged and forgotten: it is never worth failing a reconcile.
/// </summary>
public sealed class EventPublisher(IKubernetesClient client, string component, TimeProvider timeProvider, ILogger<EventPublisher> logger)
{
    private const int MaxMessage = 1024;

    // An object's name has up to 253 characters, and so has the Event's.
    private const int MaxNamePart = 220;

    private readonly EventCorrelator correlator = new(timeProvider);
    private readonly string instance = Environment.MachineName;
    private long serial;

    /// <param name="about">The object, with its uid.</param>
    /// <param name="eventType">Normal or Warning.</param>
    /// <param name="reason">UpperCamelCase, for machines.</param>
    /// <param name="message">A sentence for people; what differs from time to time (a count, a time) makes a new Event each time.</param>
    public async Task PublishAsync(IKubernetesObject about, string eventType, string reason, string message, CancellationToken cancellationToken)
    {
        var reference = Reference(about);
        var text = message.Length <= MaxMessage ? message : message[..(MaxMessage - 1)] + "…";
        var key = new EventKey(reference.ApiVersion, reference.Kind, reference.NamespaceProperty, reference.Name, reference.Uid, eventType, reason, text);
        if (!correlator.TryTake(key))
        {
            EventLog.Dropped(logger, reason, reference.NamespaceProperty, reference.Name);
            return;
        }

        try
        {
            // Two at once would write the same Event twice, or count once; waiting is for the same key only.
            using var entry = await correlator.EnterAsync(key, cancellationToken).ConfigureAwait(false);
            var now = timeProvider.GetUtcNow();
            if (entry.Written is { } written && await CountUpAsync(written, now, cancellationToken).ConfigureAwait(false) is { } counted)
            {
                entry.Written = counted;
                return;
            }

            entry.Written = await client.CreateAsync(New(reference, eventType, reason, text, now), null, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            EventLog.Failed(logger, exception, reason, reference.NamespaceProperty, reference.Name);
        }
    }

    private static V1ObjectReference Reference(IKubernetesObject about)
    {
        var kind = Attribute.GetCustomAttribute(about.GetType(), typeof(KubernetesEntityAttribute)) as KubernetesEntityAttribute;
        return new V1ObjectReference
        {
            ApiVersion = about.ApiVersion ?? kind?.GroupVersion,
            Kind = about.Kind ?? kind?.Kind,
            Name = about.Metadata.Name,
            NamespaceProperty = about.Metadata.NamespaceProperty,
            Uid = about.Metadata.Uid,
            ResourceVersion = about.Metadata.ResourceVersion,
        };
    }

    /// <summary>Null where the Event is gone (they live for an hour).</summary>
    private async Task<Corev1Event?> CountUpAsync(Corev1Event written, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var patch = new JsonObject
        {
            ["count"] = (written.Count ?? 1) + 1,
            ["lastTimestamp"] = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        };
        try
        {
            return await client.PatchAsync<Corev1Event>(
                written.Metadata.Name!, written.Metadata.NamespaceProperty, new V1Patch(patch, V1PatchType.MergePatch), null, null, cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }

    private Corev1Event New(V1ObjectReference about, string eventType, string reason, string message, DateTimeOffset now)
    {
        var name = about.Name ?? "unnamed";
        var unique = now.UtcTicks + Interlocked.Increment(ref serial);
        return new Corev1Event
        {
            Metadata = new V1ObjectMeta
            {
                Name = $"{name[..Math.Min(name.Length, MaxNamePart)]}.{unique:x}",
                NamespaceProperty = about.NamespaceProperty ?? "default",
            },
            InvolvedObject = about,
            Type = eventType,
            Reason = reason,
            Message = message,
            Source = new V1EventSource { Component = component },
            Count = 1,
            FirstTimestamp = now,
            LastTimestamp = now,
            ReportingComponent = component,
            ReportingInstance = instance,
        };
    }
}
