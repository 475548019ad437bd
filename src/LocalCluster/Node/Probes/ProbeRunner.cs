using System.Net.Security;
using System.Net.Sockets;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Node.Launch;
using Octavo.LocalCluster.Node.Processes;

namespace Octavo.LocalCluster.Node.Probes;

/// <summary>Makes single attempts of probes, and runs lifecycle hooks, which have the same actions.</summary>
internal sealed class ProbeRunner : IDisposable
{
    private readonly ProcessStarter starter;
    private readonly TimeProvider time;
    private readonly HttpClient http;

    public ProbeRunner(ProcessStarter starter, TimeProvider time)
    {
        this.starter = starter;
        this.time = time;

        // A probe must see the server as it is now: no proxy, no connection kept from the last attempt, any certificate (as the kubelet).
        http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            PooledConnectionLifetime = TimeSpan.Zero,
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true },
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    public async Task<ProbeResult> RunAsync(V1Probe probe, ProbeTarget target, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            return probe switch
            {
                { HttpGet: { } get } => await HttpGetAsync(get, target, timeout, cancellationToken).ConfigureAwait(false),
                { TcpSocket: { } socket } => await ConnectAsync(socket, target, timeout, cancellationToken).ConfigureAwait(false),
                { Exec: { } exec } => await ExecAsync(exec, target, timeout, cancellationToken).ConfigureAwait(false),
                _ => new ProbeResult(false, "the process node has httpGet, tcpSocket and exec probes, and none of another kind"),
            };
        }
        catch (TimeoutException)
        {
            return new ProbeResult(false, $"command timed out after {timeout.TotalSeconds:0.###}s");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new ProbeResult(false, $"no answer within {timeout.TotalSeconds:0.###}s (context deadline exceeded)");
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException or IOException or ContainerConfigException or UriFormatException)
        {
            return new ProbeResult(false, exception.Message);
        }
    }

    /// <summary>Runs a hook; false with the reason where it failed.</summary>
    public async Task<ProbeResult> RunAsync(V1LifecycleHandler hook, ProbeTarget target, TimeSpan second, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (hook.Sleep is { } sleep)
        {
            await Task.Delay(sleep.Seconds * second, time, cancellationToken).ConfigureAwait(false);
            return new ProbeResult(true, "");
        }

        return await RunAsync(new V1Probe { Exec = hook.Exec, HttpGet = hook.HttpGet, TcpSocket = hook.TcpSocket }, target, timeout, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => http.Dispose();

    private async Task<ProbeResult> HttpGetAsync(V1HTTPGetAction get, ProbeTarget target, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (target.Port(get.Port) is not { } port)
        {
            return new ProbeResult(false, $"container has no port named {get.Port}");
        }

        var scheme = string.Equals(get.Scheme, "HTTPS", StringComparison.OrdinalIgnoreCase) ? "https" : "http";
        var path = get.Path is { Length: > 0 } given ? given : "/";
        var url = $"{scheme}://{get.Host ?? target.PodIP}:{port}{(path[0] == '/' ? "" : "/")}{path}";
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.TryAddWithoutValidation("User-Agent", "kube-probe/1.36");
        foreach (var header in get.HttpHeaders ?? [])
        {
            request.Headers.TryAddWithoutValidation(header.Name, header.Value);
        }

        using var deadline = new CancellationTokenSource(timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, linked.Token).ConfigureAwait(false);
            var code = (int)response.StatusCode;
            return code is >= 200 and < 400 ? new ProbeResult(true, "") : new ProbeResult(false, $"HTTP probe failed with statuscode: {code}");
        }
        catch (HttpRequestException exception)
        {
            return new ProbeResult(false, $"Get \"{url}\": {exception.Message}");
        }
    }

    private async Task<ProbeResult> ConnectAsync(V1TCPSocketAction action, ProbeTarget target, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (target.Port(action.Port) is not { } port)
        {
            return new ProbeResult(false, $"container has no port named {action.Port}");
        }

        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var deadline = new CancellationTokenSource(timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        await socket.ConnectAsync(action.Host ?? target.PodIP, port, linked.Token).ConfigureAwait(false);
        return new ProbeResult(true, "");
    }

    private async Task<ProbeResult> ExecAsync(V1ExecAction exec, ProbeTarget target, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var command = ContainerLaunch.BuildExec(exec.Command ?? [], target.Process, target.Paths);
        var (exitCode, output) = await ExecCommand.RunAsync(starter, command, timeout, time, cancellationToken).ConfigureAwait(false);
        return new ProbeResult(exitCode == 0, output);
    }
}
