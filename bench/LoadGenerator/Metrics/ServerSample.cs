namespace Octavo.LoadGenerator.Metrics;

/// <summary>The server at one moment of the run.</summary>
/// <param name="Seconds">Since the run began.</param>
/// <param name="KVCacheUsage">0..1; of several replicas the fullest.</param>
internal sealed record ServerSample(double Seconds, double Running, double Waiting, double KVCacheUsage);
