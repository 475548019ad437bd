using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Octavo.ServingRuntime.Tests.Fetch;

/// <summary>A web server on loopback with ranges and ETags, that does what a test says before it does what is right.</summary>
internal sealed class FileServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private long bytesSent;

    private FileServer(WebApplication app) => this.app = app;

    public string Url => app.Urls.Single();

    public string Authority => new Uri(Url).Authority;

    /// <summary>Contents by path.</summary>
    public ConcurrentDictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>Answers instead of the files; false where it does not.</summary>
    public Func<HttpContext, Task<bool>> Intercept { get; set; } = _ => Task.FromResult(false);

    public bool HasRanges { get; set; } = true;

    public bool HasETags { get; set; } = true;

    public ConcurrentQueue<(string Method, string Target, string? Range, string? Authorization)> Requests { get; } = new();

    /// <summary>Bytes of files.</summary>
    public long BytesSent => Interlocked.Read(ref bytesSent);

    public static async Task<FileServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.Zero);
        var app = builder.Build();
        var self = new FileServer(app);
        app.Run(self.AnswerAsync);
        await app.StartAsync();
        return self;
    }

    /// <summary>A folder's files below a path.</summary>
    public FileServer Add(string path, string folder)
    {
        foreach (var file in Directory.GetFiles(folder))
        {
            Files[$"{path}/{Path.GetFileName(file)}"] = File.ReadAllBytes(file);
        }

        return this;
    }

    public static string ETagOf(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 16));

    /// <summary>Announces the whole content and cuts the connection after some of it.</summary>
    public async Task CutAsync(HttpContext context, byte[] content, int after)
    {
        context.Response.ContentLength = content.Length;
        await context.Response.Body.WriteAsync(content.AsMemory(0, after));
        await context.Response.Body.FlushAsync();
        Interlocked.Add(ref bytesSent, after);
        context.Abort();
    }

    public async Task ServeAsync(HttpContext context, byte[] content)
    {
        var (start, end) = (0, content.Length);
        var range = context.Request.Headers.Range.ToString();
        if (HasETags)
        {
            context.Response.Headers.ETag = $"\"{ETagOf(content)}\"";
        }

        if (HasRanges && range.StartsWith("bytes=", StringComparison.Ordinal) && range[6..].Split('-') is [var first, var last])
        {
            start = int.Parse(first, CultureInfo.InvariantCulture);
            end = last.Length > 0 ? Math.Min(end, int.Parse(last, CultureInfo.InvariantCulture) + 1) : end;
            if (start >= content.Length)
            {
                context.Response.StatusCode = 416;
                context.Response.Headers.ContentRange = $"bytes */{content.Length}";
                return;
            }

            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = $"bytes {start}-{end - 1}/{content.Length}";
        }

        context.Response.ContentLength = end - start;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(content.AsMemory(start, end - start), context.RequestAborted);
            Interlocked.Add(ref bytesSent, end - start);
        }
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        Requests.Enqueue((request.Method, request.Path + request.QueryString, request.Headers.Range.FirstOrDefault(), request.Headers.Authorization.FirstOrDefault()));
        if (await Intercept(context))
        {
            return;
        }

        if (Files.TryGetValue(request.Path.Value!, out var content))
        {
            await ServeAsync(context, content);
        }
        else
        {
            context.Response.StatusCode = 404;
        }
    }
}
