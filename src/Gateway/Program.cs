using System.CommandLine;
using System.Security.Cryptography;
using Octavo.Gateway;
using Octavo.Gateway.Configuration;
using Octavo.Gateway.Routing;
using Octavo.KubernetesClient;

// The host handles SIGTERM and Ctrl-C itself: it drains, which takes longer than the command line library would wait.
return await GatewayCommand.Create(RunAsync, Console.Error).Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });

static async Task<int> RunAsync(GatewayOptions options, CancellationToken cancellationToken)
{
    try
    {
        var configuration = KubernetesClientConfiguration.Load(options.Kubeconfig);
        var random = new Random(RandomNumberGenerator.GetInt32(int.MaxValue));
        await using var app = GatewayHost.Build(options, TimeProvider.System, random, services => services
            .AddSingleton<IKubernetesClient>(provider => new HttpKubernetesClient(configuration, TimeProvider.System, provider.GetService<ILogger<HttpKubernetesClient>>()))
            .AddHostedService<DirectoryInformers>());
        await app.RunAsync(cancellationToken);
        return 0;
    }
    catch (Exception e) when (e is KubernetesConfigurationException or IOException)
    {
        // No cluster to speak to, or the port is taken: the sentence says all.
        await Console.Error.WriteLineAsync(e.Message);
        return 1;
    }
}
