using Octavo.ServingContract;
using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.Engine;

namespace Octavo.ServingRuntime.Hosting;

/// <summary>One life of the server, from checked options to the exit code.</summary>
/// <param name="createCore">Makes the engine.</param>
/// <param name="timeProvider">Clock.</param>
/// <param name="output">Where it says what it listens on.</param>
/// <param name="errors">The last line written here is what a pod's termination message shows.</param>
internal sealed class ServeRun(EngineCoreSource createCore, TimeProvider timeProvider, TextWriter output, TextWriter errors)
{
    /// <param name="options">The server's.</param>
    /// <param name="engineOptions">The engine's.</param>
    /// <param name="started">Told when the server listens; for tests.</param>
    /// <returns>0 after an orderly shutdown; 2 for wrong options; 1 where the model cannot be loaded, the port not be had, or the engine has failed.</returns>
    public async Task<int> RunAsync(ServingOptions options, EngineOptions engineOptions, Action<WebApplication>? started = null)
    {
        var faults = ServingOptionsValidator.Validate(options, engineOptions);
        if (faults.Count > 0)
        {
            foreach (var fault in faults)
            {
                await errors.WriteLineAsync(fault);
            }

            return (int)FetchExitCode.Usage;
        }

        await using var app = ServingApplication.Build(options, engineOptions, createCore, timeProvider);
        var host = app.Services.GetRequiredService<ModelHost>();
        try
        {
            await app.StartAsync(CancellationToken.None);
        }
        catch (IOException e)
        {
            await errors.WriteLineAsync($"cannot listen on {options.Host}:{options.Port}: {e.Message}");
            return (int)FetchExitCode.Unexpected;
        }

        await output.WriteLineAsync($"Listening on {string.Join(", ", app.Urls)}");
        started?.Invoke(app);
        await app.WaitForShutdownAsync(CancellationToken.None);
        if (host.Failure is not { } failure)
        {
            return 0;
        }

        await errors.WriteLineAsync(host.Loaded is null ? $"The model in {options.Model} cannot be loaded: {failure.Message}" : $"The engine has failed: {failure.Message}");
        return (int)FetchExitCode.Unexpected;
    }
}
