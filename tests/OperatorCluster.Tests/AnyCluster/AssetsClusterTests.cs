namespace Octavo.OperatorCluster.Tests.AnyCluster;

/// <summary>Where KUBEBUILDER_ASSETS is not what it should be. The programs themselves are not part of this project.</summary>
public sealed class AssetsClusterTests : IDisposable
{
    private readonly string assets = Directory.CreateTempSubdirectory("octavo-fake-assets-").FullName;

    public void Dispose() => Directory.Delete(assets, recursive: true);

    [Fact]
    public async Task StartAsync_ProgramIsMissing_SaysWhichAndHowToGetIt() =>
        await StartAsync($"*{assets} has no etcd; `setup-envtest use -p path`*");

    [Fact]
    public async Task StartAsync_EtcdEnds_SaysItsLastWordsAndLeavesNothing()
    {
        Write("etcd", "echo \"$@\" >&2; echo no such luck >&2; exit 3");
        Write("kube-apiserver", "exit 0");

        await StartAsync("*etcd ended with 3: *--listen-client-urls http://127.0.0.1:*no such luck*");
    }

    private async Task StartAsync(string message)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1), TimeProvider.System);
        var start = () => AssetsCluster.StartAsync(assets, timeout.Token);

        await start.Should().ThrowAsync<InvalidOperationException>().WithMessage(message);
    }

    private void Write(string program, string script)
    {
        var path = Path.Combine(assets, program);
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
