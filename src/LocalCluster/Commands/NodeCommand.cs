using System.CommandLine;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Node;

namespace Octavo.LocalCluster.Commands;

/// <summary>The verb <c>node</c>: one process node of any cluster, until a signal.</summary>
internal static class NodeCommand
{
    public static Command Create()
    {
        var kubeconfig = new Option<string?>("--kubeconfig") { HelpName = "FILE", Description = "The cluster to join; by default as kubectl finds it." };
        var name = new Option<string>("--name") { HelpName = "NAME", Description = "Name of the Node object.", DefaultValueFactory = _ => Environment.MachineName.ToLowerInvariant() + "-process" };
        var state = new Option<string>("--state") { HelpName = "DIR", Description = "Folder for pods, logs, claims and the list of running processes.", DefaultValueFactory = _ => Path.Combine(".octavo", "node") };
        var taint = new Option<bool>("--taint") { Description = "Taint the node with virtual-kubelet.io/provider=octavo:NoSchedule, so that only pods that tolerate it come here." };
        var label = new Option<string[]>("--label") { HelpName = "KEY=VALUE", Description = "Label of the Node. May be repeated.", DefaultValueFactory = _ => [] };
        var kubeletPort = new Option<int>("--kubelet-port") { HelpName = "PORT", Description = "Port of the log endpoint on 127.0.0.1; 0 takes a free one.", DefaultValueFactory = _ => 0 };
        var cpu = new Option<string?>("--cpu") { HelpName = "QUANTITY", Description = "CPU that the node says it has; by default the machine's." };
        var memory = new Option<string?>("--memory") { HelpName = "QUANTITY", Description = "Memory that the node says it has; by default the machine's." };
        var (image, gpu, verbosity) = (CommonOptions.Image(), CommonOptions.Gpu(), CommonOptions.Verbosity());
        var command = new Command("node", "Join a Kubernetes cluster as a node that runs pods as processes of this machine, until SIGTERM or Ctrl-C.")
        {
            kubeconfig, name, state, image, gpu, label, taint, cpu, memory, kubeletPort, verbosity,
        };
        command.SetAction((parsed, cancellationToken) => UntilSignal.RunAsync(parsed.GetValue(verbosity), async loggers =>
        {
            using var client = new HttpKubernetesClient(KubernetesClientConfiguration.Load(parsed.GetValue(kubeconfig)), TimeProvider.System);
            var options = new NodeOptions
            {
                Name = parsed.GetValue(name)!,
                StateFolder = Path.GetFullPath(parsed.GetValue(state)!),
                Images = parsed.GetValue(image) ?? [],
                ExtendedResources = UpCommand.Devices(parsed.GetValue(gpu) ?? []),
                Labels = CommonOptions.Pairs("--label", parsed.GetValue(label) ?? []),
                Taints = parsed.GetValue(taint) ? [new V1Taint { Key = "virtual-kubelet.io/provider", Value = "octavo", Effect = "NoSchedule" }] : [],
                Cpu = parsed.GetValue(cpu),
                Memory = parsed.GetValue(memory),
                KubeletPort = parsed.GetValue(kubeletPort),
            };
            await using var node = await ProcessNode.StartAsync(client, options, TimeProvider.System, loggers, cancellationToken).ConfigureAwait(false);
            Console.WriteLine($"octavo-local node ready: {node.Name}");
            await UntilSignal.WaitAsync(cancellationToken).ConfigureAwait(false);
        }, cancellationToken));
        return command;
    }
}
