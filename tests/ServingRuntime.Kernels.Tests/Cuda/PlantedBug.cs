using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Kernels.Cuda.Native;
using Octavo.TestSupport.Cuda;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda;

/// <summary>Bugs planted into the kernels, each of which a comparison that the kernels pass must find. This tests the tests, the shim above all.</summary>
internal static class PlantedBug
{
    /// <param name="file">Where it is planted.</param>
    /// <param name="right">What stands there.</param>
    /// <param name="wrong">What is put there.</param>
    /// <param name="source">The file itself, or one that includes it: the only one that is compiled with the bug.</param>
    /// <param name="rounds">At most so many, numbered from 1.</param>
    public static void ShouldBeFound(CudaLibraries libraries, string bug, string file, string right, string wrong, string source, int rounds, Action<CudaTestBed, int> round)
    {
        Skip.If(libraries.IsReal, "mutants run on the host only");
        Skip.If(libraries.WhyNot is not null, libraries.WhyNot);
        var text = HostBuild.Text(file);
        text.Contains(right, StringComparison.Ordinal).Should().BeTrue($"'{bug}' is planted where {file} has: {right}");
        libraries.Fake!.Reset();
        var library = NativeLibrary.Load(HostBuild.BuildMutant(file, text.Replace(right, wrong, StringComparison.Ordinal), source));
        try
        {
            // Closed before the library is: work may be left that would run its kernels.
            using var bed = CudaTestBed.Open(libraries);
            IsFound(bed, rounds, round).Should().BeTrue($"{bug} must be found");
        }
        finally
        {
            NativeLibrary.Free(library);
        }
    }

    /// <summary>By a wrong result, or by the shim.</summary>
    private static bool IsFound(CudaTestBed bed, int rounds, Action<CudaTestBed, int> round)
    {
        try
        {
            for (var number = 1; number <= rounds; number++)
            {
                round(bed, number);
            }
        }
        catch (Exception found) when (found is CudaException or Xunit.Sdk.XunitException)
        {
            // That is what was looked for.
            return true;
        }

        return false;
    }
}
