using System.CommandLine;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Hosting;

var command = ServeCommand.Create(ServeAsync);
var parsed = command.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors)
    {
        await Console.Error.WriteLineAsync(error.Message);
    }

    return (int)FetchExitCode.Usage;
}

// The server handles signals itself: the library would end the process two seconds after the first.
return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });

static async Task<int> ServeAsync(ServingOptions options, EngineOptions engineOptions)
{
    var errors = ServingOptionsValidator.Validate(options, engineOptions);
    if (errors.Count > 0)
    {
        foreach (var error in errors)
        {
            await Console.Error.WriteLineAsync(error);
        }

        return (int)FetchExitCode.Usage;
    }

    await using var app = ServingApplication.Build(options, engineOptions, EngineCoreFactory.Create, TimeProvider.System);
    var host = app.Services.GetRequiredService<ModelHost>();
    try
    {
        await app.StartAsync(CancellationToken.None);
    }
    catch (IOException e)
    {
        await Console.Error.WriteLineAsync($"cannot listen on {options.Host}:{options.Port}: {e.Message}");
        return (int)FetchExitCode.Unexpected;
    }

    Console.WriteLine($"Listening on {string.Join(", ", app.Urls)}");
    await app.WaitForShutdownAsync(CancellationToken.None);
    if (host.Failure is not { } failure)
    {
        return 0;
    }

    // The last line is what a pod's termination message shows.
    await Console.Error.WriteLineAsync($"The model in {options.Model} cannot be loaded: {failure.Message}");
    return (int)FetchExitCode.Unexpected;
}
