using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Octavo.KubernetesClient;
using Octavo.LocalCluster;
using Octavo.LocalCluster.Controllers;
using Octavo.LocalCluster.Node.Hollow;
using Octavo.OperatorCluster.Tests.Harness;

namespace Octavo.OperatorCluster.Tests.AnyCluster;

/// <summary>
/// The real API server in the manner of envtest: <c>etcd</c> and <c>kube-apiserver</c> out of a folder, as setup-envtest fetches them. The controllers and
/// the node are LocalCluster's, which are ordinary clients.
/// </summary>
internal sealed class AssetsCluster : TestCluster
{
    private const int MostOutput = 4000;

    private readonly string folder = Directory.CreateTempSubdirectory("octavo-assets-").FullName;
    private readonly List<(Process Process, StringBuilder Output)> processes = [];
    private readonly HttpKubernetesClient client;
    private ControllerManager? controllers;
    private HollowNodes? nodes;

    private AssetsCluster(int port)
    {
        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        File.WriteAllText(Path.Combine(folder, "tokens.csv"), $"{token},octavo-tests,octavo-tests,system:masters\n");
        // The server makes its certificate itself, for this run alone.
        Configuration = new KubernetesClientConfiguration { Host = new Uri($"https://127.0.0.1:{port}"), AccessToken = token, SkipTlsVerify = true, UserAgent = "octavo-tests" };
        client = new HttpKubernetesClient(Configuration, TimeProvider.System);
    }

    public override KubernetesClientConfiguration Configuration { get; }

    public override IKubernetesClient Client => client;

    public override bool HasHollowNodes => true;

    /// <param name="assets">The folder.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="InvalidOperationException">A program is not there, or ended: the message has its last words.</exception>
    public static async Task<AssetsCluster> StartAsync(string assets, CancellationToken cancellationToken)
    {
        foreach (var program in (string[])["etcd", "kube-apiserver"])
        {
            if (!File.Exists(Path.Combine(assets, program)))
            {
                throw new InvalidOperationException($"KUBEBUILDER_ASSETS: {assets} has no {program}; `setup-envtest use -p path` fetches both and prints the folder");
            }
        }

        var (etcd, peers, port) = (FreePort(), FreePort(), FreePort());
        var cluster = new AssetsCluster(port);
        try
        {
            await cluster.StartAsync(assets, etcd, peers, port, cancellationToken);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (controllers is not null)
        {
            await controllers.DisposeAsync();
        }

        if (nodes is not null)
        {
            await nodes.DisposeAsync();
        }

        client.Dispose();
        // The API server before what it stores in.
        foreach (var (process, _) in processes.AsEnumerable().Reverse())
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }

        Directory.Delete(folder, recursive: true);
    }

    private async Task StartAsync(string assets, int etcd, int peers, int port, CancellationToken cancellationToken)
    {
        Start(Path.Combine(assets, "etcd"),
        [
            "--data-dir", Path.Combine(folder, "etcd"), "--unsafe-no-fsync", "--listen-client-urls", $"http://127.0.0.1:{etcd}", "--advertise-client-urls", $"http://127.0.0.1:{etcd}",
            "--listen-peer-urls", $"http://127.0.0.1:{peers}", "--initial-advertise-peer-urls", $"http://127.0.0.1:{peers}", "--initial-cluster", $"default=http://127.0.0.1:{peers}",
        ]);
        using var http = new HttpClient();
        // As envtest does: an API server that finds no store gives up after a while.
        await ClusterHarness.UntilAsync(() => AnswersAsync(() => http.GetStringAsync(new Uri($"http://127.0.0.1:{etcd}/health"), cancellationToken)), TimeSpan.FromMinutes(1), cancellationToken);
        using var key = RSA.Create(2048);
        var signing = Path.Combine(folder, "service-accounts.pem");
        await File.WriteAllTextAsync(signing, key.ExportRSAPrivateKeyPem(), cancellationToken);
        Start(Path.Combine(assets, "kube-apiserver"),
        [
            "--etcd-servers", $"http://127.0.0.1:{etcd}", "--bind-address", "127.0.0.1", "--advertise-address", "127.0.0.1", "--secure-port", $"{port}", "--cert-dir", Path.Combine(folder, "certificates"),
            "--service-cluster-ip-range", "10.0.0.0/24", "--authorization-mode", "RBAC", "--token-auth-file", Path.Combine(folder, "tokens.csv"),
            "--service-account-issuer", "https://localhost", "--service-account-key-file", signing, "--service-account-signing-key-file", signing, "--allow-privileged",
        ]);
        // Default namespaces come a moment after the server answers.
        await ClusterHarness.UntilAsync(() => AnswersAsync(() => client.SendAsync(HttpMethod.Get, "/api/v1/namespaces/default", null, null, cancellationToken)), TimeSpan.FromMinutes(1), cancellationToken);
        controllers = await ControllerManager.StartAsync(client, new ControllerManagerOptions(), TimeProvider.System, NullLoggerFactory.Instance, cancellationToken);
        nodes = await HollowNodes.StartAsync(
            client, new HollowNodesOptions { Nodes = [new ClusterNode { Name = "hollow", IsHollow = true }] }, TimeProvider.System, NullLoggerFactory.Instance, cancellationToken);
    }

    /// <summary>Null once the question is answered.</summary>
    /// <exception cref="InvalidOperationException">A program has ended.</exception>
    private async Task<string?> AnswersAsync(Func<Task> ask)
    {
        foreach (var (process, output) in processes.Where(p => p.Process.HasExited))
        {
            // With this the last lines have come, too.
            await process.WaitForExitAsync();
            throw new InvalidOperationException($"{process.StartInfo.FileName} ended with {process.ExitCode}: {Text(output)}");
        }

        try
        {
            await ask();
            return null;
        }
        catch (Exception exception) when (exception is HttpRequestException or KubernetesException or IOException)
        {
            return $"{exception.Message}\n{string.Join('\n', processes.Select(p => $"{p.Process.StartInfo.FileName}: {Text(p.Output)}"))}";
        }
    }

    private static string Text(StringBuilder output)
    {
        lock (output)
        {
            return output.ToString().Trim();
        }
    }

    private void Start(string program, IReadOnlyList<string> arguments)
    {
        var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = new StringBuilder();
        process.OutputDataReceived += Write;
        process.ErrorDataReceived += Write;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        processes.Add((process, output));

        // The last words only: an API server writes a lot.
        void Write(object sender, DataReceivedEventArgs line)
        {
            lock (output)
            {
                output.AppendLine(line.Data);
                if (output.Length > MostOutput)
                {
                    output.Remove(0, output.Length - MostOutput);
                }
            }
        }
    }

    private static int FreePort()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }
}
