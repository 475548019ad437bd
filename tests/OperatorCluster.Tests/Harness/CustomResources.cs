using Octavo.KubernetesClient;
using Octavo.TestSupport;

namespace Octavo.OperatorCluster.Tests.Harness;

/// <summary>Puts config/crds into a cluster.</summary>
internal static class CustomResources
{
    private const string Definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/";

    /// <summary>Returns when the API server serves them.</summary>
    public static async Task InstallAsync(IKubernetesClient client, CancellationToken cancellationToken)
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "config", "crds"), "*.yaml"))
        {
            var definition = KubernetesYaml.Load(await File.ReadAllTextAsync(file, cancellationToken));
            await client.ApplyManifestAsync(definition, new ApplyOptions { FieldManager = "octavo-tests", Force = true }, cancellationToken);
            var path = Definitions + definition["metadata"]!["name"]!.GetValue<string>();
            await ClusterHarness.UntilAsync(
                async () =>
                {
                    var live = await client.SendAsync(HttpMethod.Get, path, null, null, cancellationToken);
                    var established = live!["status"]?["conditions"]?.AsArray().FirstOrDefault(c => c!["type"]!.GetValue<string>() == "Established");
                    return established?["status"]?.GetValue<string>() == "True" ? null : $"{path} is not established";
                },
                TimeSpan.FromSeconds(30),
                cancellationToken);
        }
    }
}
