using System.CommandLine;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Hosting;

var run = new ServeRun(EngineCoreFactory.Create, TimeProvider.System, Console.Out, Console.Error);
var command = ServeCommand.Create((options, engine) => run.RunAsync(options, engine));
var parsed = command.Parse(RepeatedFlags.Resolve(args, command));
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
