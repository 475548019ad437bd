using System.Diagnostics;
using Octavo.TestSupport;
using Octavo.TestSupport.Cuda;

namespace Octavo.ServingRuntime.Tests.Devices;

/// <summary>The real executable where a library is missing: in a process that has loaded it once it never is.</summary>
[Collection("device")]
public sealed class DeviceProcessTests : IDisposable
{
    private readonly FakeMachine? machine = FakeMachine.WhyNot is null ? new FakeMachine() : null;

    public void Dispose() => machine?.Dispose();

    [SkippableTheory]
    [InlineData("libcuda.so.1", "the CUDA driver (libcuda.so.1) cannot be loaded; install NVIDIA's driver on the node")]
    [InlineData("libnvrtc.so.12", "NVRTC, CUDA's run-time compiler (libnvrtc.so.13 or libnvrtc.so.12) cannot be loaded; install cuda-nvrtc-13-x")]
    public async Task Serve_CudaWithoutALibrary_EndsAndNamesItWithWhatToInstall(string library, string words)
    {
        Skip.If(FakeMachine.WhyNot is not null, FakeMachine.WhyNot);
        var executable = Path.Combine(AppContext.BaseDirectory, "octavo-serve.dll");
        Skip.IfNot(File.Exists(executable), "the runtime is not beside its tests");
        var environment = machine!.Without(library);
        var start = new ProcessStartInfo(
            Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet",
            [executable, "--model", Repository.TinyModel, "--port", "0", "--device", "cuda", "--cpu-threads", "1"])
        {
            RedirectStandardError = true, RedirectStandardOutput = true,
        };
        foreach (var variable in (string[])["OCTAVO_CUDA_LIBRARIES", "OCTAVO_CUDA_CACHE"])
        {
            start.Environment[variable] = environment(variable);
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2), TimeProvider.System);
        var isReady = false;
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            isReady = true;
        }

        Skip.If(isReady, "this machine has the library");
        process.ExitCode.Should().Be(1, await output);
        (await errors).TrimEnd().Split('\n')[^1].Should().Contain($"cannot be loaded: cuda:0 cannot be used: {words}");
    }
}
