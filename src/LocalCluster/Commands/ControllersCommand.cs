using System.CommandLine;
using Octavo.KubernetesClient;
using Octavo.LocalCluster.Controllers;

namespace Octavo.LocalCluster.Commands;

/// <summary>The verb <c>controllers</c>: the controllers and the scheduler for an API server that has none, until a signal.</summary>
internal static class ControllersCommand
{
    public static Command Create()
    {
        var kubeconfig = new Option<string?>("--kubeconfig") { HelpName = "FILE", Description = "The API server to work on; by default as kubectl finds it." };
        var verbosity = CommonOptions.Verbosity();
        var command = new Command("controllers", "Run controllers and scheduler for an API server without a controller manager (etcd and kube-apiserver alone, say), until SIGTERM or Ctrl-C.")
        {
            kubeconfig, verbosity,
        };
        command.SetAction((parsed, cancellationToken) => UntilSignal.RunAsync(parsed.GetValue(verbosity), async loggers =>
        {
            var configuration = KubernetesClientConfiguration.Load(parsed.GetValue(kubeconfig));
            using var client = new HttpKubernetesClient(configuration, TimeProvider.System);
            var options = new ControllerManagerOptions { CertificateAuthority = configuration.CertificateAuthorityPem ?? "" };
            await using var controllers = await ControllerManager.StartAsync(client, options, TimeProvider.System, loggers, cancellationToken).ConfigureAwait(false);
            Console.WriteLine($"octavo-local controllers ready: {configuration.Host.ToString().TrimEnd('/')}");
            await UntilSignal.WaitAsync(cancellationToken).ConfigureAwait(false);
        }, cancellationToken));
        return command;
    }
}
