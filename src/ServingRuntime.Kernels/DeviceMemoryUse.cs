namespace Octavo.ServingRuntime.Kernels;

/// <summary>A device's own memory at one moment, whoever holds what is not free.</summary>
public readonly record struct DeviceMemoryUse(long TotalBytes, long FreeBytes)
{
    public long UsedBytes => TotalBytes - FreeBytes;
}
