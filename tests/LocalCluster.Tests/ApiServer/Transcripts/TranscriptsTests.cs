using System.Net.Security;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer;
using Octavo.LocalCluster.ApiServer.Authorization;
using Octavo.TestSupport;
using Xunit.Abstractions;

namespace Octavo.LocalCluster.Tests.ApiServer.Transcripts;

/// <summary>
/// Every recorded case of a real API server, replayed against LocalCluster. The cases contain watches that end by their timeout, so
/// this one test waits for seconds of real time; the cases run side by side.
/// </summary>
public sealed class TranscriptsTests(ITestOutputHelper output)
{
    private const string ListHeading = "## Transcripts that do not pass yet";
    private const int SideBySide = 12;

    [Fact]
    public async Task Replay_EveryRecordedCase_PassesUnlessTheReadmeListsIt()
    {
        await using var cluster = await LocalClusterHost.StartAsync(
            new LocalClusterOptions { Nodes = 0, ApiServer = new ApiServerOptions { Authorization = AuthorizationMode.Rbac } }, CancellationToken.None);
        using var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true },
        };
        using var client = new HttpClient(handler) { BaseAddress = cluster.BaseUri, Timeout = TimeSpan.FromMinutes(2) };
        var files = Directory.GetFiles(Path.Combine(Repository.Root, "tests", "LocalCluster.Tests", "Fixtures", "transcripts"), "*.json");
        files.Should().NotBeEmpty();

        var differences = new System.Collections.Concurrent.ConcurrentDictionary<string, string?>();
        await Parallel.ForEachAsync(files, new ParallelOptions { MaxDegreeOfParallelism = SideBySide }, async (file, _) =>
        {
            await using var replayer = new TranscriptReplayer(client, cluster.ApiServer.AdminToken);
            var transcript = (JsonObject)JsonNode.Parse(await File.ReadAllTextAsync(file, CancellationToken.None))!;
            differences[Path.GetFileNameWithoutExtension(file)] = await replayer.ReplayAsync(transcript);
        });

        var failed = differences.Where(d => d.Value is not null).ToDictionary(d => d.Key, d => d.Value!);
        output.WriteLine($"{differences.Count - failed.Count} of {differences.Count} transcripts pass");
        var listed = ReadList();
        var unlisted = failed.Where(f => !listed.Contains(f.Key)).Select(f => $"{f.Key}: {f.Value}");
        var passing = listed.Where(name => !failed.ContainsKey(name));

        unlisted.Should().BeEmpty("every transcript passes unless src/LocalCluster/README.md lists it");
        passing.Should().BeEmpty("the README's list holds only transcripts that fail");
    }

    private static List<string> ReadList()
    {
        var lines = File.ReadAllLines(Path.Combine(Repository.Root, "src", "LocalCluster", "README.md"));
        return [.. lines.SkipWhile(l => l != ListHeading).Skip(1).TakeWhile(l => !l.StartsWith('#'))
            .Where(l => l.StartsWith("- `", StringComparison.Ordinal)).Select(l => l.Split('`')[1])];
    }
}
