using System.Numerics.Tensors;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Kernels;
using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.ServingRuntime.Engine.Quantization;

/// <summary>
/// Makes a checkpoint with 4-bit weights of one in float32, bfloat16 or float16. One matrix is in memory at a time, so the model may be larger than memory. The output folder
/// appears whole or not at all.
/// </summary>
/// <param name="options">Valid.</param>
/// <param name="timeProvider">Clock of the progress.</param>
/// <param name="say">Progress, a line each.</param>
/// <param name="freeBytes">Bytes that may be written below a folder; null: what the file system says.</param>
public sealed class CheckpointQuantizer(QuantizeOptions options, TimeProvider timeProvider, Action<string> say, Func<string, long>? freeBytes = null)
{
    private readonly ParallelOptions parallel = new() { MaxDegreeOfParallelism = options.CpuThreads ?? Environment.ProcessorCount };
    private readonly long start = timeProvider.GetTimestamp();

    /// <exception cref="QuantizationException">Why it cannot be done.</exception>
    /// <exception cref="OperationCanceledException">It was told to stop; nothing is left behind.</exception>
    public QuantizationReport Run(CancellationToken cancellationToken)
    {
        parallel.CancellationToken = cancellationToken;
        try
        {
            return Quantize(cancellationToken);
        }
        catch (Exception exception) when (exception is CheckpointException or EngineStartException)
        {
            throw new QuantizationException(QuantizationFault.Unsuitable, exception.Message, exception);
        }
    }

    private QuantizationReport Quantize(CancellationToken cancellationToken)
    {
        if (!Directory.Exists(options.ModelPath))
        {
            throw new QuantizationException(QuantizationFault.NotFound, $"{options.ModelPath} is no folder.");
        }

        if (Path.Exists(options.OutputPath))
        {
            throw new QuantizationException(QuantizationFault.Usage, $"{options.OutputPath} exists already; it is not touched.");
        }

        var config = ModelConfig.Load(options.ModelPath);
        if (config.Quantization is { } quantization)
        {
            throw new QuantizationException(QuantizationFault.Unsuitable, $"{options.ModelPath} is quantised already ({quantization.Name}).");
        }

        if (options.SequenceLength > config.LongestModelLen)
        {
            throw new QuantizationException(QuantizationFault.Usage, $"--seq-len: {options.SequenceLength} is more than the model's {config.LongestModelLen}.");
        }

        var (sequences, source) = options.Method == QuantizeMethod.Awq ? CalibrationTokens.Load(options, config, timeProvider, cancellationToken) : ([], null);
        using var backend = new CpuBackend(parallel.MaxDegreeOfParallelism);
        using var checkpoint = Checkpoint.Open(options.ModelPath);
        var calibration = new Calibration();
        var dtype = config.DType == DType.BFloat16 ? DType.BFloat16 : DType.Float32;
        say($"reading {config.Architecture} with {config.NumHiddenLayers} layers");
        var loader = new WeightLoader(checkpoint, backend, dtype) { Observer = calibration.Observe };
        using var model = ModelRegistry.Create(config, loader, options.SequenceLength);
        var plan = QuantizationPlan.Create((CausalDecoder)model, config);
        plan.Check(options.GroupSize);
        using var output = QuantizedCheckpoint.Create(options, checkpoint, plan, freeBytes);
        if (sequences.Count > 0)
        {
            say($"calibrating with {sequences.Count} sequences, {sequences.Sum(sequence => sequence.Length)} tokens, of {source}");
            calibration.Watch(plan);
            calibration.Run(backend, (CausalDecoder)model, config, sequences, passed => say($"calibrated with {passed} of {sequences.Count} sequences, {Elapsed}"), cancellationToken);
        }

        var weights = new FoldedWeights(checkpoint);
        var search = new ScaleSearch(backend, dtype, options.GroupSize, weights, parallel);
        var errors = new List<(double Error, double Plain)>();
        for (var i = 0; i < plan.Layers.Count; i++)
        {
            var found = sequences.Count > 0 ? Layer(plan.Layers[i], search, weights, calibration, output) : Layer(plan.Layers[i], weights, output);
            errors.AddRange(found.Where(choice => choice.Error >= 0).Select(choice => (choice.Error, choice.PlainError)));
            say($"layer {i + 1} of {plan.Layers.Count}, {Elapsed}, {Remaining(i + 1, plan.Layers.Count)} left{Errors(found)}");
        }

        output.Complete(weights, plan);
        return new QuantizationReport(
            plan.Matrices.Count(), output.BytesBefore, output.BytesAfter, source, errors.Count == 0 ? null : errors.Average(e => e.Error), errors.Count == 0 ? null : errors.Average(e => e.Plain));
    }

    /// <summary>Scales first, then everything is rounded, with what the scaled inputs are.</summary>
    private List<ScaleChoice> Layer(IReadOnlyList<ScaleGroup> groups, ScaleSearch search, FoldedWeights weights, Calibration calibration, QuantizedCheckpoint output)
    {
        var choices = new List<ScaleChoice>();
        foreach (var group in groups)
        {
            var choice = search.Search(group, calibration.Sample(group));
            choices.Add(choice with { Scale = choice.Alpha == 0 ? choice.Scale : weights.Apply(group, choice.Scale) });
        }

        for (var i = 0; i < groups.Count; i++)
        {
            Round(groups[i], weights, calibration.Sample(groups[i]).Moments(options.GroupSize, choices[i].Scale, parallel), output);
        }

        return choices;
    }

    private List<ScaleChoice> Layer(IReadOnlyList<ScaleGroup> groups, FoldedWeights weights, QuantizedCheckpoint output)
    {
        foreach (var group in groups)
        {
            Round(group, weights, null, output);
        }

        return [];
    }

    private void Round(ScaleGroup group, FoldedWeights weights, float[][]? moments, QuantizedCheckpoint output)
    {
        var rounding = new MatrixRounding(options.GroupSize, parallel);
        foreach (var reader in group.Readers)
        {
            var first = 0;
            foreach (var (prefix, outputs) in reader.Parts)
            {
                parallel.CancellationToken.ThrowIfCancellationRequested();
                var matrix = weights.Read(prefix + ".weight");
                if (!float.IsFinite(TensorPrimitives.SumOfMagnitudes(matrix)))
                {
                    throw new QuantizationException(QuantizationFault.Unsuitable, $"tensor {prefix}.weight holds something that is no number.");
                }

                output.Write(prefix, rounding.Round(matrix, reader.InFeatures, moments, Math.Clamp(group.ClipFromOutput - first, 0, outputs)));
                first += outputs;
            }
        }
    }

    private string Elapsed => $"{timeProvider.GetElapsedTime(start).TotalSeconds:F0} s";

    private string Remaining(int done, int all) => $"about {timeProvider.GetElapsedTime(start).TotalSeconds * (all - done) / done:F0} s";

    private static string Errors(List<ScaleChoice> choices)
    {
        var known = choices.Where(choice => choice.Error >= 0).ToList();
        return known.Count == 0 ? "" : $"; error of outputs {Math.Sqrt(known.Average(c => c.Error)):P2}, unscaled {Math.Sqrt(known.Average(c => c.PlainError)):P2}";
    }
}
