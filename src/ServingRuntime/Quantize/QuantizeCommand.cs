using System.CommandLine;
using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Engine.Quantization;

namespace Octavo.ServingRuntime.Quantize;

/// <summary>octavo-serve quantize: a checkpoint with 4-bit weights of one in floating point.</summary>
internal static class QuantizeCommand
{
    public const string Verb = "quantize";
    private const string Description = """
        Makes a checkpoint with 4-bit weights of one in float32, bfloat16 or float16, in AWQ's GEMM layout, which Octavo, vLLM, transformers and AutoAWQ load.

        Linear layers of attention and feed-forward networks are quantised, experts each by itself; embeddings, heads, norms and routers stay. Every architecture that Octavo serves can be.

        Methods:
          awq  Activation-aware (arXiv 2306.00978): inputs that matter are scaled up before weights are rounded, and what makes them down. Needs calibration text.
          rtn  Round to nearest, with a search of how much of each group's range to clip. Quick, needs no text, loses more.

        Calibration: a text file; lines of JSON (.jsonl), each {"text": ...}, {"input_ids": [...]} or [ids]; an array of those (.json); or 'self': text that the model writes itself, which fits models
        of a narrow kind best and needs the whole model in memory. Text like that which the model is to be used for is best. Default: a short text that ships, or 'self' where there is no tokenizer.json.

        Memory: one matrix at a time, and at most 1 GiB of samples. Files other than weights are copied. The output folder appears whole or not at all; progress goes to stderr.

        Exit codes: 0 done, 1 unexpected, 2 usage (or the output folder exists), 10 not found, 11 the model or the calibration cannot be used, 14 no space, 130 or 143 stopped, with nothing left behind.
        """;

    public static Command Create(TimeProvider timeProvider)
    {
        var defaults = new QuantizeOptions { ModelPath = "", OutputPath = "" };
        var model = new Option<string>("--model") { Description = "Folder of the checkpoint: config.json, safetensors, tokenizer.json.", Required = true };
        var output = new Option<string>("--output") { Description = "Folder that is made; it must not exist.", Required = true };
        var method = new Option<string>("--method") { Description = "awq or rtn.", DefaultValueFactory = _ => "awq" };
        var group = new Option<int>("--group-size") { Description = "Inputs that share a scale and a zero point: 32, 64 or 128. Smaller loses less and takes more room: 4.25 bits a weight at 128, 4.5 at 64, 5 at 32.", DefaultValueFactory = _ => defaults.GroupSize };
        var calibration = new Option<string?>("--calibration") { Description = "File of text or token ids, or 'self'." };
        var samples = new Option<int>("--samples") { Description = "Most sequences of calibration.", DefaultValueFactory = _ => defaults.Samples };
        var length = new Option<int>("--seq-len") { Description = "Tokens of a sequence.", DefaultValueFactory = _ => defaults.SequenceLength };
        var threads = new Option<int?>("--cpu-threads") { Description = "Threads. Default: the cores that may be used." };
        var shard = new Option<double>("--max-shard-size") { Description = "GiB above which weights are written in shards.", DefaultValueFactory = _ => defaults.MaxShardBytes / (double)(1 << 30) };
        var command = new Command(Verb, Description) { model, output, method, group, calibration, samples, length, threads, shard };
        command.SetAction((parsed, cancellationToken) =>
        {
            var options = new QuantizeOptions
            {
                ModelPath = parsed.GetValue(model)!,
                OutputPath = parsed.GetValue(output)!,
                Method = parsed.GetValue(method) switch { "awq" => QuantizeMethod.Awq, "rtn" => QuantizeMethod.Rtn, _ => (QuantizeMethod)(-1) },
                GroupSize = parsed.GetValue(group),
                Calibration = parsed.GetValue(calibration),
                Samples = parsed.GetValue(samples),
                SequenceLength = parsed.GetValue(length),
                CpuThreads = parsed.GetValue(threads),
                MaxShardBytes = (long)Math.Clamp(parsed.GetValue(shard) * (1L << 30), 0, 1L << 50),
            };
            return Task.FromResult((int)Run(options, timeProvider, Console.Out, Console.Error, cancellationToken));
        });
        return command;
    }

    internal static QuantizeExitCode Run(QuantizeOptions options, TimeProvider timeProvider, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var faults = options.Validate();
        if (faults.Count > 0)
        {
            error.WriteLine(string.Join(Environment.NewLine, faults));
            return QuantizeExitCode.Usage;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var code = QuantizeExitCode.Interrupted;
        void Stop(PosixSignalContext context, QuantizeExitCode exitCode)
        {
            context.Cancel = true;
            code = exitCode;
            stop.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, QuantizeExitCode.Interrupted));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, QuantizeExitCode.Stopped));
        try
        {
            var report = new CheckpointQuantizer(options, timeProvider, line => error.WriteLine($"quantize: {line}")).Run(stop.Token);
            output.WriteLine($"{options.OutputPath}: {report.Matrices} matrices in 4 bits, groups of {options.GroupSize}; {report.BytesBefore / 1e6:F1} MB became {report.BytesAfter / 1e6:F1} MB.");
            return QuantizeExitCode.Success;
        }
        catch (OperationCanceledException)
        {
            error.WriteLine("quantize: stopped; nothing is left behind.");
            return code;
        }
        catch (QuantizationException e)
        {
            error.WriteLine(e.Message);
            return e.Fault switch
            {
                QuantizationFault.Usage => QuantizeExitCode.Usage,
                QuantizationFault.NotFound => QuantizeExitCode.NotFound,
                QuantizationFault.NoSpace => QuantizeExitCode.NoSpace,
                _ => QuantizeExitCode.Unsuitable,
            };
        }
        catch (Exception e)
        {
            // A bug: the trace for whoever mends it, the sentence for whoever runs it.
            error.WriteLine(e.ToString());
            error.WriteLine($"Quantising {options.ModelPath} failed unexpectedly: {e.GetType().Name}.");
            return QuantizeExitCode.Unexpected;
        }
    }
}
