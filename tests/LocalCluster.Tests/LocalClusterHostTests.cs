using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Tests.Node;

namespace Octavo.LocalCluster.Tests;

public sealed class LocalClusterHostTests
{
    [Fact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task Dispose_PodsRun_LeavesNoProcessAndNoFolder()
    {
        var host = await LocalClusterHost.StartAsync(new LocalClusterOptions { Images = ["shell=/bin/sh"] }, CancellationToken.None);
        int process;
        await using (host)
        {
            using var client = new HttpKubernetesClient(KubernetesClientConfiguration.FromKubeConfigFile(host.KubeConfigPath), TimeProvider.System);
            File.GetUnixFileMode(host.KubeConfigPath).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            await client.CreateAsync(WithoutAccount(RunningCluster.Pod("default", "p", "exec sleep 600")), null, CancellationToken.None);
            process = await WaitForProcessAsync(client);
        }

        Directory.Exists($"/proc/{process}").Should().BeFalse();
        Directory.Exists(host.StateFolder).Should().BeFalse();
    }

    [Fact]
    public void Render_KubeConfig_IsReadBack()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, KubeConfigFile.Render(new Uri("https://127.0.0.1:6443/"), "PEM", "token"));
            var configuration = KubernetesClientConfiguration.FromKubeConfigFile(file);
            (configuration.Host, configuration.AccessToken, configuration.CertificateAuthorityPem).Should().Be((new Uri("https://127.0.0.1:6443/"), "token", "PEM"));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static V1Pod WithoutAccount(V1Pod pod) => pod with { Spec = pod.Spec! with { AutomountServiceAccountToken = false } };

    private static async Task<int> WaitForProcessAsync(HttpKubernetesClient client)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await foreach (var change in client.WatchAsync<V1Pod>("default", new WatchOptions(), patience.Token))
        {
            if (change.Type != WatchEventType.Bookmark && ProcessNodeTests.Ready(change.Object) == "True")
            {
                return int.Parse(change.Object.Status!.ContainerStatuses!.Single().ContainerID!["process://".Length..], System.Globalization.CultureInfo.InvariantCulture);
            }
        }

        throw new InvalidOperationException("the watch ended");
    }
}
