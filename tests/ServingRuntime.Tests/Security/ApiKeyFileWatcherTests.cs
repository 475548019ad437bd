using Microsoft.Extensions.Logging;
using NSubstitute;
using Octavo.ServingRuntime.Security;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Security;

public sealed class ApiKeyFileWatcherTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("octavo-keys-");
    private readonly FakeTimeProvider clock = new();
    private readonly ILogger<ApiKeyFileWatcher> logger = Substitute.For<ILogger<ApiKeyFileWatcher>>();

    private string File => Path.Combine(folder.FullName, "keys");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task Tick_MountedSecretIsSwapped_TakesTheNewKeys()
    {
        // As kubelet does it: the file is a link into ..data, which is a link to a dated folder and is replaced.
        Mount("1", "team: old");
        System.IO.File.CreateSymbolicLink(File, Path.Combine("..data", "keys"));
        var ring = new ApiKeyRing([], File);
        using var watcher = await WatchAsync(ring);

        Mount("2", "team: new");
        ring.Find("Bearer old").Should().NotBeNull("nobody has looked yet");
        clock.Advance(ApiKeyFileWatcher.Period);

        ring.Find("Bearer old").Should().BeNull();
        ring.Find("Bearer new")!.Tenant.Should().Be("team");
    }

    [Fact]
    public async Task Tick_BadOrMissingFile_KeepsTheOldKeysAndSaysSoOnce()
    {
        System.IO.File.WriteAllText(File, "old\n");
        logger.IsEnabled(Arg.Any<LogLevel>()).Returns(true);
        var ring = new ApiKeyRing([], File);
        using var watcher = await WatchAsync(ring);

        System.IO.File.WriteAllText(File, "# emptied by mistake\n");
        clock.Advance(ApiKeyFileWatcher.Period * 3);
        ring.Find("Bearer old").Should().NotBeNull();
        Complaints().Should().Be(1);

        System.IO.File.Delete(File);
        clock.Advance(ApiKeyFileWatcher.Period * 3);
        ring.Find("Bearer old").Should().NotBeNull();
        ring.IsRequired.Should().BeTrue("losing the file never opens the server");
        Complaints().Should().Be(2);

        System.IO.File.WriteAllText(File, "new\n");
        clock.Advance(ApiKeyFileWatcher.Period);
        ring.Find("Bearer new").Should().NotBeNull();
        ring.Find("Bearer old").Should().BeNull();
    }

    private int Complaints() => logger.ReceivedCalls().Count(c => c.GetMethodInfo().Name == nameof(ILogger.Log) && c.GetArguments()[0] is LogLevel.Error);

    private async Task<ApiKeyFileWatcher> WatchAsync(ApiKeyRing ring)
    {
        var watcher = new ApiKeyFileWatcher(new ServerKeys(ring, new ApiKeyRing([], null)), clock, logger);
        await watcher.StartAsync(CancellationToken.None);
        return watcher;
    }

    private void Mount(string version, string content)
    {
        var dated = folder.CreateSubdirectory("..v" + version);
        System.IO.File.WriteAllText(Path.Combine(dated.FullName, "keys"), content);
        // The same time of change: only the content tells.
        System.IO.File.SetLastWriteTimeUtc(Path.Combine(dated.FullName, "keys"), DateTime.UnixEpoch);
        var link = Path.Combine(folder.FullName, "..data");
        System.IO.File.Delete(link);
        System.IO.File.CreateSymbolicLink(link, dated.Name);
    }
}
