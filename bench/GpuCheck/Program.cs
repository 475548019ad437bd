using System.CommandLine;
using Octavo.GpuCheck.Benchmarks;
using Octavo.GpuCheck.Reports;
using Octavo.GpuCheck.Testing;
using Octavo.ServingRuntime.Kernels.Cuda.Native;

var root = new RootCommand("Checks of the CUDA backend on a device.") { TestsCommand.Create(Console.Out), BenchCommand.Create(Console.Out), ReportCommand.Create(Console.Out) };
try
{
    return root.Parse(args).Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Exception exception) when (exception is CudaException or CudaLibraryMissingException or CudaDriverTooOldException)
{
    Console.Error.WriteLine(exception.Message);
    return 2;
}
