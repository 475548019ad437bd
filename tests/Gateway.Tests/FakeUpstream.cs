using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Octavo.Gateway.Routing;

namespace Octavo.Gateway.Tests;

/// <summary>A replica that a test scripts: a real server on loopback.</summary>
internal sealed class FakeUpstream : IAsyncDisposable
{
    private readonly WebApplication app;

    private FakeUpstream(WebApplication app)
    {
        this.app = app;
        var uri = new Uri(app.Urls.Single());
        Endpoint = new BackendEndpoint(uri.Host, uri.Port);
    }

    public BackendEndpoint Endpoint { get; }

    /// <summary>Requests in the order of arrival.</summary>
    public ConcurrentQueue<ReceivedRequest> Requests { get; } = new();

    public static async Task<FakeUpstream> StartAsync(RequestDelegate handler)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.Zero);
        var app = builder.Build();
        FakeUpstream? self = null;
        app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var body = await reader.ReadToEndAsync();
            self!.Requests.Enqueue(new ReceivedRequest(context.Request.Path + context.Request.QueryString, body, context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase)));
            await handler(context);
        });
        await app.StartAsync();
        self = new FakeUpstream(app);
        return self;
    }

    public static Task<FakeUpstream> StartAsync(int statusCode, string body = "{}", string? retryAfter = null) => StartAsync(async context =>
    {
        context.Response.StatusCode = statusCode;
        context.Response.ContentType = "application/json";
        context.Response.Headers.RetryAfter = retryAfter;
        await context.Response.WriteAsync(body);
    });

    /// <summary>An endpoint that refuses connections for as long as the result lives: the port is taken, but nobody listens.</summary>
    public static Socket Refusing(out BackendEndpoint endpoint)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        endpoint = new BackendEndpoint("127.0.0.1", ((IPEndPoint)socket.LocalEndPoint!).Port);
        return socket;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}

internal sealed record ReceivedRequest(string PathAndQuery, string Body, IReadOnlyDictionary<string, string> Headers);
