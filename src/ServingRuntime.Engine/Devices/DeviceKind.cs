namespace Octavo.ServingRuntime.Engine.Devices;

/// <summary>What computes.</summary>
internal enum DeviceKind
{
    /// <summary>A CUDA device where one can be opened, else the CPU.</summary>
    Auto,
    Cpu,
    Cuda,
}
