using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Octavo.OperatorScale;

/// <summary>octavo-operator as it is shipped, against a kubeconfig.</summary>
internal sealed class OperatorProcess : IDisposable
{
    private readonly Process process;
    private readonly HttpClient http;

    private OperatorProcess(Process process, int port)
    {
        this.process = process;
        http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/") };
    }

    /// <summary>Returns when its caches are filled.</summary>
    public static async Task<OperatorProcess> StartAsync(string kubeconfig, int workers, CancellationToken cancellationToken)
    {
        var port = FreePort();
        // Hollow replicas tell no load, so the autoscaler has nothing to look at.
        var start = new ProcessStartInfo("dotnet",
        [
            Path.Combine(AppContext.BaseDirectory, "octavo-operator.dll"), "--kubeconfig", kubeconfig, "--leader-elect", "--leader-election-namespace", "default",
            "--bind-address", $"127.0.0.1:{port}", "--workers", $"{workers}", "--autoscaling-interval", "300",
        ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var started = new OperatorProcess(Process.Start(start)!, port);
        started.process.OutputDataReceived += (_, _) => { };
        started.process.ErrorDataReceived += (_, line) => Console.Error.WriteLine(line.Data);
        started.process.BeginOutputReadLine();
        started.process.BeginErrorReadLine();
        try
        {
            while (!await started.IsReadyAsync(cancellationToken))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, cancellationToken);
            }

            return started;
        }
        catch
        {
            started.Dispose();
            throw;
        }
    }

    public async Task<MetricsPage> MetricsAsync(CancellationToken cancellationToken) => new(await http.GetStringAsync("metrics", cancellationToken));

    public void Dispose()
    {
        http.Dispose();
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        process.Dispose();
    }

    private async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        if (process.HasExited)
        {
            throw new InvalidOperationException($"octavo-operator ended with {process.ExitCode}");
        }

        try
        {
            using var answer = await http.GetAsync("readyz", cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // It does not listen yet.
        }
    }

    /// <summary>Another may take it before the operator does; then the operator says so and ends.</summary>
    private static int FreePort()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }
}
