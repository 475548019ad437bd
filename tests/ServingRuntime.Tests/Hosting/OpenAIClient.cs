using System.Diagnostics;
using System.Text.Json;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Hosting;

/// <summary>OpenAI's own client (npm's openai) in a Node process, run against a server. What it does is in Clients/openai/client.mjs.</summary>
internal static class OpenAIClient
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private static string Folder => Path.Combine(Repository.Root, "tests", "ServingRuntime.Tests", "Clients", "openai");

    /// <summary>Runs one case; a test without Node or without the installed package is skipped and says so.</summary>
    public static async Task<JsonElement> RunAsync(TestApplication server, string name, string key = "key")
    {
        var node = Find("node");
        Skip.If(node is null, "there is no Node on this machine");
        Skip.IfNot(Directory.Exists(Path.Combine(Folder, "node_modules", "openai")), $"npm's openai is not installed: make tools, or npm ci in {Folder}");
        var start = new ProcessStartInfo(node!, ["client.mjs", name, new Uri(server.Client.BaseAddress!, "v1").ToString()])
        {
            WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["OPENAI_API_KEY"] = key;
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Limit);
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var errors = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }

        process.ExitCode.Should().Be(0, await errors);
        return JsonSerializer.Deserialize<JsonElement>(await output);
    }

    private static string? Find(string program)
        => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Select(p => Path.Combine(p, program)).FirstOrDefault(File.Exists);
}
