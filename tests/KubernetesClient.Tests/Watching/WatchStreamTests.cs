using System.Text;
using Microsoft.AspNetCore.Http;
using Octavo.KubernetesClient.Models;
using Octavo.KubernetesClient.Tests.Server;
using Octavo.TestSupport;

namespace Octavo.KubernetesClient.Tests.Watching;

public sealed class WatchStreamTests
{
    private const string Added = """{"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"ä","namespace":"n","resourceVersion":"8"}}}""";
    private const string Bookmark = """{"type":"BOOKMARK","object":{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"11"}}}""";

    [Fact]
    public async Task Watch_Query_AsksForBookmarksFromTheVersion()
    {
        await using var server = await TestApiServer.StartAsync(Stream([Added + "\n"]));

        var events = await ReadAsync(server, new WatchOptions { ResourceVersion = "5", LabelSelector = "a=b", TimeoutSeconds = 300 });

        events.Should().ContainSingle();
        server.Requests.Single().PathAndQuery.Should().Be(
            "/api/v1/namespaces/n/pods?watch=true&allowWatchBookmarks=true&resourceVersion=5&labelSelector=a%3Db&timeoutSeconds=300");
    }

    [Fact]
    public async Task Watch_LinesCutAnywhere_GivesWholeEvents()
    {
        var bytes = Encoding.UTF8.GetBytes($"{Added}\n\n{Added.Replace("ADDED", "MODIFIED")}\r\n{Bookmark}\n{Added.Replace("ADDED", "DELETED")}\n");
        var cut = bytes.Select(b => new[] { b }).ToArray();
        await using var server = await TestApiServer.StartAsync(Stream(cut));

        var events = await ReadAsync(server);

        events.Select(e => e.Type).Should().Equal(WatchEventType.Added, WatchEventType.Modified, WatchEventType.Bookmark, WatchEventType.Deleted);
        events[0].Object.Metadata.Name.Should().Be("ä", "a character may be cut too");
        events[2].Object.Metadata.ResourceVersion.Should().Be("11");
    }

    [Fact]
    public async Task Watch_ManyEventsInOneChunk_GivesAll()
    {
        var text = string.Concat(Enumerable.Range(0, 500).Select(i => Added.Replace("\"8\"", $"\"{i}\"") + "\n"));
        await using var server = await TestApiServer.StartAsync(Stream([text]));

        var events = await ReadAsync(server);

        events.Select(e => e.Object.Metadata.ResourceVersion).Should().Equal(Enumerable.Range(0, 500).Select(i => i.ToString()));
    }

    [Fact]
    public async Task Watch_ErrorEvent410_IsGone()
    {
        await using var server = await TestApiServer.StartAsync(Stream([
            Added + "\n", $$"""{"type":"ERROR","object":{{Answers.StatusBody(410, "Expired", "too old resource version: 1 (9)")}}}""" + "\n"]));
        var seen = new List<WatchEvent<V1Pod>>();

        var failed = await FluentActions.Awaiting(() => ReadAsync(server, into: seen)).Should().ThrowAsync<KubernetesException>();

        seen.Should().ContainSingle();
        failed.Which.IsGone.Should().BeTrue();
        failed.Which.Message.Should().Contain("too old resource version");
    }

    [Fact]
    public async Task Watch_EndsWithinALine_IsBrokenNotEnded()
    {
        await using var server = await TestApiServer.StartAsync(Stream([Added + "\n", Added[..40]]));
        var seen = new List<WatchEvent<V1Pod>>();

        await FluentActions.Awaiting(() => ReadAsync(server, into: seen)).Should().ThrowAsync<IOException>();

        seen.Should().ContainSingle();
    }

    [Fact]
    public async Task Watch_ConnectionAborted_IsAnIOException()
    {
        var read = new TaskCompletionSource();
        await using var server = await TestApiServer.StartAsync(async context =>
        {
            await context.Response.WriteAsync(Added + "\n");
            await context.Response.Body.FlushAsync();
            await read.Task;
            context.Abort();
        });
        using var client = new HttpKubernetesClient(server.Configuration, TimeProvider.System);
        await using var watch = client.WatchAsync<V1Pod>("n", new WatchOptions(), default).GetAsyncEnumerator();

        await watch.MoveNextAsync();
        read.SetResult();

        await FluentActions.Awaiting(() => watch.MoveNextAsync().AsTask()).Should().ThrowAsync<IOException>();
    }

    [Fact]
    public async Task Watch_ServerNeverEndsIt_IsGivenUpAfterItsTime()
    {
        var clock = new FakeTimeProvider();
        await using var server = await TestApiServer.StartAsync(Silence());
        using var client = new HttpKubernetesClient(server.Configuration, clock);
        await using var watch = client.WatchAsync<V1Pod>("n", new WatchOptions { TimeoutSeconds = 300 }, default).GetAsyncEnumerator();

        (await watch.MoveNextAsync()).Should().BeTrue();
        var next = watch.MoveNextAsync().AsTask();
        clock.Advance(TimeSpan.FromSeconds(329));
        next.IsCompleted.Should().BeFalse();
        clock.Advance(TimeSpan.FromSeconds(2));

        await next.Invoking(n => n).Should().ThrowAsync<TimeoutException>();
    }

    [Fact]
    public async Task Watch_Cancelled_EndsAtOnce()
    {
        await using var server = await TestApiServer.StartAsync(Silence());
        using var client = new HttpKubernetesClient(server.Configuration, TimeProvider.System);
        using var stop = new CancellationTokenSource();
        await using var watch = client.WatchAsync<V1Pod>("n", new WatchOptions(), stop.Token).GetAsyncEnumerator();

        (await watch.MoveNextAsync()).Should().BeTrue();
        var next = watch.MoveNextAsync().AsTask();
        await stop.CancelAsync();

        await next.Invoking(n => n).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Watch_UnknownType_IsRefused()
    {
        await using var server = await TestApiServer.StartAsync(Stream(["{\"type\":\"PERHAPS\",\"object\":{}}\n"]));

        await FluentActions.Awaiting(() => ReadAsync(server)).Should().ThrowAsync<InvalidDataException>();
    }

    [Fact]
    public async Task Watch_Refused_ThrowsTheStatus()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Status(403, "Forbidden", "no"));

        (await FluentActions.Awaiting(() => ReadAsync(server)).Should().ThrowAsync<KubernetesException>()).Which.Status!.Reason.Should().Be("Forbidden");
    }

    private static RequestDelegate Stream(IEnumerable<string> parts) => Stream(parts.Select(Encoding.UTF8.GetBytes).ToArray());

    private static RequestDelegate Stream(byte[][] parts) => async context =>
    {
        context.Response.ContentType = "application/json";
        foreach (var part in parts)
        {
            await context.Response.Body.WriteAsync(part);
            await context.Response.Body.FlushAsync();
        }
    };

    private static RequestDelegate Silence() => async context =>
    {
        await context.Response.WriteAsync(Added + "\n");
        await context.Response.Body.FlushAsync();
        await new TaskCompletionSource().Task.WaitAsync(context.RequestAborted);
    };

    private static async Task<List<WatchEvent<V1Pod>>> ReadAsync(TestApiServer server, WatchOptions? options = null, List<WatchEvent<V1Pod>>? into = null)
    {
        using var client = new HttpKubernetesClient(server.Configuration, TimeProvider.System);
        var events = into ?? [];
        await foreach (var next in client.WatchAsync<V1Pod>("n", options ?? new WatchOptions(), default))
        {
            events.Add(next);
        }

        return events;
    }
}
