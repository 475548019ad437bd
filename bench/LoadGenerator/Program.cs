using System.CommandLine;
using Octavo.LoadGenerator;
using Octavo.LoadGenerator.Configuration;

var root = new RootCommand("Load generator for OpenAI-compatible servers.")
{
    ServeCommand.Create((options, cancellationToken) => new ServeBenchmark(options, TimeProvider.System, Console.Out, Console.Error).RunAsync(cancellationToken), Console.Error),
};
return await root.Parse(args).InvokeAsync();
