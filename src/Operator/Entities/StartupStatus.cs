namespace Octavo.Operator.Entities;

/// <summary>Where the time went when a replica started last.</summary>
public sealed record StartupStatus
{
    /// <summary>The replica that is spoken of.</summary>
    public required string Pod { get; init; }

    /// <summary>Seconds until a node was found.</summary>
    public int? SchedulingSeconds { get; init; }

    /// <summary>Seconds until the first container ran: images and volumes.</summary>
    public int? ImageSeconds { get; init; }

    /// <summary>Seconds that the model's files took.</summary>
    public int? DownloadSeconds { get; init; }

    /// <summary>Seconds that the runtime took to load the model and be ready.</summary>
    public int? LoadSeconds { get; init; }

    /// <summary>Seconds of the load that the runtime's own requests took before it was ready. Octavo's runtime tells; it is asked with spec.autoscaling only.</summary>
    public int? WarmUpSeconds { get; init; }

    /// <summary>Seconds from the pod's creation to its being ready.</summary>
    public int? TotalSeconds { get; init; }
}
