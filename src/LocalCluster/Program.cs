using System.CommandLine;
using Octavo.LocalCluster.Commands;
using Octavo.LocalCluster.Node.Processes;

if (args is [ExecChild.Verb, ..])
{
    // Every container start passes here: nothing may be loaded that it does not need.
    return ExecChild.Run(args.AsSpan(1));
}

return await RunAsync(args).ConfigureAwait(false);

static Task<int> RunAsync(string[] args)
{
    var root = new RootCommand("A Kubernetes cluster for demos and tests: API server, controllers and nodes that run pods as processes, all on loopback.")
    {
        UpCommand.Create(),
        NodeCommand.Create(),
        ControllersCommand.Create(),
    };

    // Ending all pods takes as long as their grace; a second signal ends at once.
    return root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });
}
