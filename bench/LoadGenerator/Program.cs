using System.CommandLine;
using Octavo.LoadGenerator;
using Octavo.LoadGenerator.Configuration;
using Octavo.LoadGenerator.Peers;
using Octavo.LoadGenerator.Sweep;

var root = new RootCommand("Load generator for OpenAI-compatible servers.")
{
    ServeCommand.Create((options, cancellationToken) => new ServeBenchmark(options, TimeProvider.System, Console.Out, Console.Error).RunAsync(cancellationToken), Console.Error),
    SweepCommand.Create((options, cancellationToken) => new SweepBenchmark(options, TimeProvider.System, Console.Out, Console.Error).RunAsync(cancellationToken), Console.Error),
    PeersCommand.Create((options, cancellationToken) => new PeersBenchmark(options, TimeProvider.System, Console.Out, Console.Error).RunAsync(cancellationToken)),
    ReportCommand.Create(Console.Out, Console.Error),
};
return await root.Parse(args).InvokeAsync();
