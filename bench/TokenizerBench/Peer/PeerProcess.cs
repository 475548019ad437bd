using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Octavo.TokenizerBench.Peer;

/// <summary>A Node process with Hugging Face's two packages, asked a question at a time (Peer/peer.mjs).</summary>
public sealed class PeerProcess : IDisposable
{
    private readonly Process process;

    private PeerProcess(Process process)
    {
        this.process = process;
    }

    /// <summary>Null, with the reason, where Node or the packages cannot be had.</summary>
    /// <param name="modules">A folder; the packages are installed there where they are missing.</param>
    /// <param name="why">What is missing.</param>
    public static PeerProcess? TryStart(string modules, out string why)
    {
        Directory.CreateDirectory(modules);
        var script = Path.Combine(AppContext.BaseDirectory, "Peer", "peer.mjs");
        if (!Directory.Exists(Path.Combine(modules, "node_modules", "tokenizers")) && !TryInstall(modules, out why))
        {
            return null;
        }

        try
        {
            var start = new ProcessStartInfo("node", [script, modules]) { RedirectStandardInput = true, RedirectStandardOutput = true };
            // One core, as the comparison wants it.
            foreach (var (name, value) in (ReadOnlySpan<(string, string)>)[("RAYON_NUM_THREADS", "1"), ("TOKENIZERS_PARALLELISM", "false"), ("UV_THREADPOOL_SIZE", "1")])
            {
                start.Environment[name] = value;
            }

            var peer = new PeerProcess(Process.Start(start)!);
            why = "";
            return peer;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            why = $"no node: {e.Message}";
            return null;
        }
    }

    /// <summary>One question and its answer.</summary>
    /// <exception cref="IOException">The process has ended.</exception>
    public JsonNode Ask(object request)
    {
        process.StandardInput.WriteLine(JsonSerializer.Serialize(request));
        process.StandardInput.Flush();
        return JsonNode.Parse(process.StandardOutput.ReadLine() ?? throw new IOException("the peer has ended"))!;
    }

    public void Dispose()
    {
        process.StandardInput.Close();
        if (!process.WaitForExit(5000))
        {
            process.Kill();
        }

        process.Dispose();
    }

    private static bool TryInstall(string modules, out string why)
    {
        try
        {
            File.WriteAllText(Path.Combine(modules, "package.json"), """{"private": true}""");
            var start = new ProcessStartInfo("npm", ["install", "--no-audit", "--no-fund", "--silent", "tokenizers@0.23.2", "@huggingface/tokenizers@0.2.0"])
            {
                WorkingDirectory = modules, RedirectStandardOutput = true, RedirectStandardError = true,
            };
            using var npm = Process.Start(start)!;
            npm.StandardError.ReadToEnd();
            npm.WaitForExit();
            why = npm.ExitCode == 0 ? "" : $"npm cannot fetch the packages (exit {npm.ExitCode})";
            return npm.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            why = $"no npm: {e.Message}";
            return false;
        }
    }
}
