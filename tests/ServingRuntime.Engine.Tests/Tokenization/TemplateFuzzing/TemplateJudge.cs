using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Tokenization.TemplateFuzzing;

/// <summary>Another engine for templates, in a process of its own: a line of JSON a question, one an answer.</summary>
internal sealed class TemplateJudge : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Process process;

    private TemplateJudge(string name, Process process) => (Name, this.process) = (name, process);

    public string Name { get; }

    private static string Folder => Path.Combine(Repository.Root, "tests", "ServingRuntime.Engine.Tests", "Tokenization", "TemplateFuzzing", "judges");

    /// <summary>@huggingface/jinja, where make tools could fetch it; null otherwise.</summary>
    public static TemplateJudge? StartHuggingFace()
        => Directory.Exists(Path.Combine(Folder, "node_modules", "@huggingface")) ? Start("@huggingface/jinja", ["node", "huggingface_judge.mjs"]) : null;

    /// <summary>Jinja2 3.1 of OCTAVO_PYTHON (a command; default python3); null where it has none.</summary>
    public static TemplateJudge? StartJinja()
    {
        var command = (Environment.GetEnvironmentVariable("OCTAVO_PYTHON") is { Length: > 0 } python ? python : "python3").Split(' ');
        return Start("Jinja2", [.. command, "-c", File.ReadAllText(Path.Combine(Folder, "jinja2_judge.py"))], answer => answer.StartsWith("3.1.", StringComparison.Ordinal));
    }

    /// <summary>The text; null where it refuses, with the reason.</summary>
    public (string? Text, string Reason) Render(string template, JsonNode variables)
    {
        process.StandardInput.WriteLine(JsonSerializer.Serialize(new { t = template, v = variables }));
        process.StandardInput.Flush();
        return Read() ?? throw new InvalidOperationException($"{Name} ended");
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

    private static TemplateJudge? Start(string name, string[] command, Func<string, bool>? accepts = null)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
        };
        try
        {
            var process = Process.Start(start)!;
            process.ErrorDataReceived += static (_, _) => { };
            process.BeginErrorReadLine();
            var judge = new TemplateJudge(name, process);
            if (judge.Read() is ({ } version, _) && accepts?.Invoke(version) != false)
            {
                return judge;
            }

            judge.Dispose();
            return null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private (string? Text, string Reason)? Read()
    {
        var reading = process.StandardOutput.ReadLineAsync();
        if (!reading.Wait(Patience))
        {
            process.Kill();
            throw new TimeoutException($"{Name} does not answer");
        }

        if (reading.Result is not { } line)
        {
            return null;
        }

        using var answer = JsonDocument.Parse(line);
        return answer.RootElement.TryGetProperty("ok", out var text) ? (text.GetString(), "") : (null, answer.RootElement.GetProperty("no").GetString()!);
    }
}
