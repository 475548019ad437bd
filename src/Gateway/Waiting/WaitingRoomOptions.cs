namespace Octavo.Gateway.Waiting;

/// <summary>Bounds and pace of the waiting room.</summary>
internal sealed record WaitingRoomOptions
{
    /// <summary>Requests held at once per model.</summary>
    public int MaxRequestsPerModel { get; init; } = 256;

    /// <summary>Bytes of bodies held at once per model.</summary>
    public long MaxBytesPerModel { get; init; } = 256L << 20;

    /// <summary>Requests let go at once for each endpoint that is there.</summary>
    public int ReleasePerEndpoint { get; init; } = 8;

    /// <summary>Time between two such releases.</summary>
    public TimeSpan ReleaseInterval { get; init; } = TimeSpan.FromMilliseconds(100);
}
