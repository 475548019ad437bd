using System.Diagnostics;
using Octavo.TestSupport;

namespace Octavo.IntegrationTests;

/// <summary>What a user types, with the kubectl of this machine.</summary>
[Collection(PlatformCollection.Name)]
public sealed class KubectlTests(Platform platform)
{
    [SkippableFact]
    public async Task Kubectl_ApplyWaitLogsDescribeExplain_Work()
    {
        Skip.If(!await HasKubectlAsync(), "no kubectl on this machine");
        var manifest = Path.Combine(Path.GetTempPath(), $"octavo-{Guid.NewGuid():n}.yaml");
        await File.WriteAllTextAsync(manifest, """
            apiVersion: serving.octavo.dev/v1alpha1
            kind: InferenceService
            metadata: {name: by-kubectl, namespace: default}
            spec:
              model: {uri: "file:///models/octavo-tiny"}
              replicas: 1
              resources: {requests: {cpu: 50m}}
            """);
        try
        {
            (await RunAsync("apply", "-f", manifest)).Should().Contain("created");
            (await RunAsync("apply", "-f", manifest)).Should().Contain("unchanged");
            (await RunAsync("wait", "--for=condition=Ready", "ois/by-kubectl", "--timeout=60s")).Should().Contain("condition met");
            (await RunAsync("get", "ois")).Should().Contain("by-kubectl").And.Contain("MODEL").And.Contain("READY");
            (await RunAsync("get", "deployments,pods,services,endpointslices", "-o", "wide")).Should().Contain("by-kubectl");
            (await RunAsync("describe", "ois", "by-kubectl")).Should().Contain("Conditions");
            (await RunAsync("explain", "inferenceservices.spec.autoscaling")).Should().Contain("maxReplicas");
            (await RunAsync("logs", "deployment/by-kubectl", "-c", "runtime", "--tail=20")).Should().NotBeEmpty();
            (await RunAsync("scale", "ois/by-kubectl", "--replicas=2")).Should().Contain("scaled");
            (await RunAsync("rollout", "status", "deployment/by-kubectl", "--timeout=60s")).Should().Contain("successfully rolled out");
            (await RunAsync("delete", "-f", manifest)).Should().Contain("deleted");
        }
        finally
        {
            File.Delete(manifest);
        }
    }

    [SkippableFact]
    public async Task Kubectl_ApplyUnknownField_NamesIt()
    {
        Skip.If(!await HasKubectlAsync(), "no kubectl on this machine");
        var manifest = Path.Combine(Path.GetTempPath(), $"octavo-{Guid.NewGuid():n}.yaml");
        await File.WriteAllTextAsync(manifest, """
            apiVersion: serving.octavo.dev/v1alpha1
            kind: InferenceService
            metadata: {name: typo, namespace: default}
            spec: {model: {uri: "file:///models/octavo-tiny"}, repliicas: 1}
            """);
        try
        {
            var (code, output) = await ExecuteAsync("kubectl", ["--kubeconfig", platform.KubeConfig, "apply", "-f", manifest]);

            code.Should().NotBe(0);
            output.Should().Contain("unknown field \"spec.repliicas\"");
        }
        finally
        {
            File.Delete(manifest);
        }
    }

    [SkippableFact]
    public async Task Kustomize_DefaultOverlay_Builds()
    {
        Skip.If(!await HasKubectlAsync(), "no kubectl on this machine");

        var (code, output) = await ExecuteAsync("kubectl", ["kustomize", Path.Combine(Repository.Root, "config", "default")]);

        code.Should().Be(0, output);
        output.Should().Contain("kind: CustomResourceDefinition").And.Contain("kind: ClusterRole").And.Contain("name: octavo-operator");
    }

    private static async Task<bool> HasKubectlAsync()
    {
        try
        {
            return (await ExecuteAsync("kubectl", ["version", "--client"])).Code == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static async Task<(int Code, string Output)> ExecuteAsync(string program, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync(Platform.Timeout(90));
        return (process.ExitCode, await output + await errors);
    }

    private async Task<string> RunAsync(params string[] arguments)
    {
        var (code, output) = await ExecuteAsync("kubectl", ["--kubeconfig", platform.KubeConfig, .. arguments]);
        code.Should().Be(0, $"kubectl {string.Join(' ', arguments)}: {output}");
        return output;
    }
}
