using System.CommandLine;
using Octavo.KubernetesClient;
using Octavo.LocalCluster.ApiServer;
using Octavo.LocalCluster.ApiServer.Faults;

namespace Octavo.LocalCluster.Commands;

/// <summary>The verb <c>up</c>: a whole cluster until a signal.</summary>
internal static class UpCommand
{
    public static Command Create()
    {
        var port = new Option<int>("--port") { HelpName = "PORT", Description = "Port of the API server on 127.0.0.1; 0 takes a free one.", DefaultValueFactory = _ => 6443 };
        var kubeconfig = new Option<string?>("--kubeconfig") { HelpName = "FILE", Description = "Where to write the kubeconfig (mode 0600); by default into the state folder." };
        var state = new Option<string?>("--state") { HelpName = "DIR", Description = "Folder for pods, logs and claims; by default a temporary one that is removed at the end." };
        var nodes = new Option<int>("--nodes") { HelpName = "N", Description = "Number of process nodes; 0 runs no pods.", DefaultValueFactory = _ => 1 };
        var node = new Option<string[]>("--node")
        {
            HelpName = "NAME[,hollow][,label:KEY=VALUE][,taint:KEY[=VALUE]:EFFECT][,RESOURCE=QUANTITY...]",
            Description = "Add a node with labels, taints and resources of its own; a hollow one runs nothing and says of every pod that it is ready. May be repeated. Without --nodes these are all.",
            DefaultValueFactory = _ => [],
        };
        var cpu = new Option<string?>("--node-cpu") { HelpName = "QUANTITY", Description = "CPU that each node says it has; by default the machine's." };
        var memory = new Option<string?>("--node-memory") { HelpName = "QUANTITY", Description = "Memory that each node says it has; by default the machine's." };
        var noControllers = new Option<bool>("--no-controllers") { Description = "Run the API server (and nodes) only: nothing makes, binds or collects objects." };
        var chaos = new Option<string?>("--chaos")
        {
            HelpName = "SEED[:RATE]",
            Description = "Let things go wrong with a share of all requests but the cluster's own (0.05 by default): dropped and outdated watches, 409, 429, 500, slow answers and lost ones.",
        };
        var (image, gpu, verbosity) = (CommonOptions.Image(), CommonOptions.Gpu(), CommonOptions.Verbosity());
        var command = new Command("up", "Run a Kubernetes API server, its controllers and process nodes until SIGTERM or Ctrl-C, then end all pods.")
        {
            port, kubeconfig, state, nodes, node, image, gpu, cpu, memory, noControllers, chaos, verbosity,
        };
        command.SetAction((parsed, cancellationToken) => UntilSignal.RunAsync(parsed.GetValue(verbosity), async loggers =>
        {
            var options = new LocalClusterOptions
            {
                ApiServer = new ApiServerOptions { Port = parsed.GetValue(port), Faults = parsed.GetValue(chaos) is { } seeded ? FaultPlan.ParseChaos(seeded) : new FaultPlan() },
                KubeConfigPath = parsed.GetValue(kubeconfig),
                StateFolder = parsed.GetValue(state),
                Nodes = parsed.GetResult(nodes) is { Implicit: false } || !(parsed.GetValue(node) is { Length: > 0 }) ? parsed.GetValue(nodes) : 0,
                NodeList = [.. (parsed.GetValue(node) ?? []).Select(ClusterNode.Parse)],
                Images = parsed.GetValue(image) ?? [],
                ExtendedResources = Devices(parsed.GetValue(gpu) ?? []),
                NodeCpu = parsed.GetValue(cpu),
                NodeMemory = parsed.GetValue(memory),
                RunControllers = !parsed.GetValue(noControllers),
                Loggers = loggers,
            };
            await using var cluster = await LocalClusterHost.StartAsync(options, cancellationToken).ConfigureAwait(false);
            Console.Error.WriteLine($"kubeconfig: {cluster.KubeConfigPath}");
            Console.WriteLine($"octavo-local ready: {cluster.BaseUri.ToString().TrimEnd('/')}");
            await UntilSignal.WaitAsync(cancellationToken).ConfigureAwait(false);
        }, cancellationToken));
        return command;
    }

    /// <summary>Checks the counts, so that a wrong one is reported here and not by the API server.</summary>
    internal static Dictionary<string, string> Devices(IEnumerable<string> values)
    {
        var devices = CommonOptions.Pairs("--gpu", values);
        foreach (var (_, count) in devices)
        {
            _ = ResourceQuantity.Parse(count);
        }

        return devices;
    }
}
