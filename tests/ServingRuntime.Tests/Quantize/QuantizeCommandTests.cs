using System.Diagnostics;
using Octavo.ServingRuntime.Engine.Quantization;
using Octavo.ServingRuntime.Quantize;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Quantize;

public sealed class QuantizeCommandTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("octavo-quantize").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Run_TinyModel_SaysWhatItMadeAndProgressOnStderr()
    {
        var (code, output, error) = Run(Options());
        code.Should().Be(QuantizeExitCode.Success, error);
        output.Trim().Should().Contain("28 matrices in 4 bits, groups of 32").And.NotContain("\n");
        error.Should().Contain("quantize: layer 4 of 4");
    }

    [Fact]
    public void Run_WrongOptions_NamesAllOfThem()
    {
        var (code, _, error) = Run(Options() with { GroupSize = 48, Samples = 0, SequenceLength = 1, Method = (QuantizeMethod)(-1) });
        code.Should().Be(QuantizeExitCode.Usage);
        error.Should().Contain("--group-size: 48").And.Contain("--samples: 0").And.Contain("--seq-len: 1").And.Contain("--method: rtn or awq");
    }

    [Fact]
    public void Run_Faults_HaveTheirCodes()
    {
        Run(Options() with { OutputPath = folder }).Code.Should().Be(QuantizeExitCode.Usage);
        Run(Options() with { ModelPath = Path.Combine(folder, "none") }).Code.Should().Be(QuantizeExitCode.NotFound);
        Run(Options() with { GroupSize = 64 }).Code.Should().Be(QuantizeExitCode.Unsuitable);
    }

    [SkippableFact]
    public async Task Quantize_Stopped_Ends143AndLeavesNothing()
    {
        var executable = Path.Combine(AppContext.BaseDirectory, "octavo-serve.dll");
        Skip.IfNot(File.Exists(executable), "the runtime is not beside its tests");
        Skip.If(OperatingSystem.IsWindows(), "no signals");
        string[] arguments = [executable, "quantize", "--model", Repository.TinyModel, "--output", Path.Combine(folder, "out"), "--group-size", "32", "--samples", "4096", "--calibration", Calibration()];
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var lines = new List<string>();
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            lines.Add(line);
            if (line.Contains("calibrated with", StringComparison.Ordinal) && lines.Count(seen => seen.Contains("calibrated with", StringComparison.Ordinal)) == 1)
            {
                // Not SIGINT: whoever is started in a shell's background is deaf to it.
                using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
                await kill.WaitForExitAsync();
            }
        }

        await process.WaitForExitAsync();
        process.ExitCode.Should().Be((int)QuantizeExitCode.Stopped, string.Join('\n', lines));
        lines[^1].Should().Contain("nothing is left behind");
        Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName).Should().BeEquivalentTo("long.jsonl");
    }

    /// <summary>Enough that it does not end before it is interrupted.</summary>
    private string Calibration()
    {
        var path = Path.Combine(folder, "long.jsonl");
        var ids = "[" + string.Join(',', Enumerable.Range(5, 512)) + "]";
        File.WriteAllLines(path, Enumerable.Repeat(ids, 2000));
        return path;
    }

    private QuantizeOptions Options() => new() { ModelPath = Repository.TinyModel, OutputPath = Path.Combine(folder, "out"), Method = QuantizeMethod.Rtn, GroupSize = 32, CpuThreads = 1 };

    private static (QuantizeExitCode Code, string Output, string Error) Run(QuantizeOptions options)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = QuantizeCommand.Run(options, TimeProvider.System, output, error, CancellationToken.None);
        return (code, output.ToString(), error.ToString());
    }
}
