using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.LocalCluster.ApiServer.Tables;

namespace Octavo.LocalCluster.Tests.ApiServer.Tables;

public sealed class PodCellsTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 1, 0, TimeSpan.Zero);

    [Theory]
    // While the first init container fails, its restarts are told; afterwards those of the containers that go on running, sidecars included, as kube-apiserver's printer does.
    [InlineData("False", "{name: model, restartCount: 2, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 10, finishedAt: '2026-01-01T00:00:50Z'}}}", "0/2", "Init:CrashLoopBackOff", "2 (10s ago)")]
    [InlineData("False", "{name: model, restartCount: 1, state: {terminated: {exitCode: 0}}}, {name: serving, started: false, ready: false, state: {running: {}}}", "0/2", "Init:1/2", "1")]
    [InlineData("True", "{name: model, restartCount: 1, state: {terminated: {exitCode: 0}}}, {name: serving, restartCount: 3, started: true, ready: true, state: {running: {}}, lastState: {terminated: {exitCode: 1, finishedAt: '2026-01-01T00:00:30Z'}}}", "2/2", "Running", "3 (30s ago)")]
    public void Cell_PodWithInitContainers_IsWhatKubectlShows(string initialized, string initStatuses, string ready, string status, string restarts)
    {
        var main = initialized == "True" ? "{name: app, ready: true, restartCount: 0, state: {running: {}}}" : "{name: app, ready: false, restartCount: 0, state: {waiting: {reason: PodInitializing}}}";
        var pod = KubernetesYaml.Load($$"""
            spec:
              initContainers: [{name: model}, {name: serving, restartPolicy: Always}]
              containers: [{name: app}]
            status:
              phase: {{(initialized == "True" ? "Running" : "Pending")}}
              conditions: [{type: Initialized, status: "{{initialized}}"}, {type: Ready, status: "{{initialized}}"}]
              initContainerStatuses: [{{initStatuses}}]
              containerStatuses: [{{main}}]
            """);

        Cells(pod).Should().Be((ready, status, restarts));
    }

    private static (string?, string?, string?) Cells(JsonObject pod) =>
        ((string?)PodCells.Cell("Ready", pod, Now), (string?)PodCells.Cell("Status", pod, Now), (string?)PodCells.Cell("Restarts", pod, Now));
}
