namespace Octavo.ServingRuntime.Kernels.Cuda.Device;

/// <summary>Blocks of a launch: X up to 2^31 - 1, Y and Z up to 65535.</summary>
internal readonly record struct LaunchGrid(long X, long Y = 1, long Z = 1)
{
    public const int MaxY = 65535;

    /// <summary>Whether there is nothing to do.</summary>
    public bool IsEmpty => X == 0 || Y == 0 || Z == 0;

    public override string ToString() => $"{X} x {Y} x {Z}";
}
