namespace Octavo.ServingRuntime.Kernels.Cuda.Native;

/// <summary>A version of CUDA, of the driver or of a library.</summary>
internal readonly record struct CudaVersion(int Major, int Minor) : IComparable<CudaVersion>
{
    /// <summary>What this backend is written for.</summary>
    public static CudaVersion Least => new(12, 0);

    /// <param name="number">1000 · major + 10 · minor.</param>
    public static CudaVersion Of(int number) => new(number / 1000, number % 1000 / 10);

    public int CompareTo(CudaVersion other) => (Major, Minor).CompareTo((other.Major, other.Minor));

    public override string ToString() => $"{Major}.{Minor}";
}
