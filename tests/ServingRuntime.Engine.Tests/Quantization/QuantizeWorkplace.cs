using System.Text.Json;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Engine.Quantization;
using Octavo.ServingRuntime.Kernels;
using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Quantization;

/// <summary>A folder for checkpoints, and what is done with them.</summary>
internal sealed class QuantizeWorkplace : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("octavo-quantize").FullName;

    /// <summary>One checkpoint in floating point for each architecture and form.</summary>
    public static IEnumerable<string> Checkpoints => Directory.EnumerateDirectories(Fixture("")).Select(folder => Path.GetFileName(folder)!)
        .Where(name => (name.EndsWith("_f32", StringComparison.Ordinal) || name.EndsWith("_f16", StringComparison.Ordinal) || name.EndsWith("_bf16", StringComparison.Ordinal)) && !name.StartsWith("e2e", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal);

    public static string Fixture(string name) => Path.Combine(Repository.Root, "tests", "ServingRuntime.Engine.Tests", "Fixtures", "golden", name);

    public string At(string name) => Path.Combine(Root, name);

    /// <summary>The prompts of a golden file, as calibration.</summary>
    public string Calibration(string fixture)
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Fixture(fixture), "golden.json")));
        var path = At(fixture + ".jsonl");
        File.WriteAllLines(path, golden.RootElement.GetProperty("prompts").EnumerateArray().Select(prompt => prompt.GetProperty("input_ids").GetRawText()));
        return path;
    }

    public QuantizeOptions Options(string model, string output, QuantizeMethod method = QuantizeMethod.Awq, string? calibration = null) => new()
    {
        ModelPath = model, OutputPath = At(output), Method = method, GroupSize = 32, Calibration = calibration, SequenceLength = 128, Samples = 16, CpuThreads = 2,
    };

    public QuantizationReport Quantize(QuantizeOptions options, CancellationToken cancellationToken = default) =>
        new CheckpointQuantizer(options, TimeProvider.System, _ => { }).Run(cancellationToken);

    /// <summary>A checkpoint that computes the same with other numbers: each group's scale is folded in, nothing is rounded.</summary>
    /// <param name="scale">Of an input channel, by group and channel.</param>
    public string Fold(string model, string output, Func<int, int, float> scale)
    {
        var folder = Directory.CreateDirectory(At(output)).FullName;
        var config = ModelConfig.Load(model);
        using var backend = new CpuBackend(1);
        using var checkpoint = Checkpoint.Open(model);
        var loader = new WeightLoader(checkpoint, backend, DType.Float32) { Observer = new Calibration().Observe };
        using var decoder = (CausalDecoder)ModelRegistry.Create(config, loader, 64);
        var weights = new FoldedWeights(checkpoint);
        var groups = QuantizationPlan.Create(decoder, config).Layers.SelectMany(layer => layer).ToList();
        for (var i = 0; i < groups.Count; i++)
        {
            // Channels that are made by the same row have the same scale.
            float[] wanted = [.. Enumerable.Range(0, groups[i].Width).Select(c => scale(i, groups[i].Source is RowSource source ? source.Row(c) : c))];
            weights.Apply(groups[i], weights.Feasible(groups[i], wanted)).Should().Contain(s => s != 1f, "something is folded into {0}", groups[i].Input.Parts[0].Prefix);
        }

        var plans = checkpoint.Names.Select(name => Plan(name, checkpoint.Tensor(name))).ToList();
        using (var writer = new SafetensorsWriter(folder, plans, long.MaxValue))
        {
            foreach (var name in checkpoint.Names)
            {
                writer.Append(name, StoredFloats.Encode(weights.Read(name), DType.Float32));
            }

            writer.Complete();
        }

        File.Copy(Path.Combine(model, "config.json"), Path.Combine(folder, "config.json"));
        return folder;
    }

    /// <summary>Log-probabilities of the whole vocabulary after each prompt, in float32.</summary>
    public static List<float[]> Predict(string model, IReadOnlyList<int[]> prompts)
    {
        using var engine = new EngineHarness(EngineHarness.Defaults with { ModelPath = model, DType = "float32", EnablePrefixCaching = false });
        return [.. prompts.Select(prompt => engine.Run(prompt, EngineHarness.Greedy(1, logprobs: -1)).Logprobs[0].Top.OrderBy(entry => entry.TokenId).Select(entry => entry.Logprob).ToArray())];
    }

    public static List<int[]> Prompts(string fixture)
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Fixture(fixture), "golden.json")));
        return [.. golden.RootElement.GetProperty("prompts").EnumerateArray().Select(prompt => prompt.GetProperty("input_ids").EnumerateArray().Select(id => id.GetInt32()).ToArray())];
    }

    /// <summary>Nats by which predictions differ from the true ones, on average.</summary>
    public static double Divergence(List<float[]> expected, List<float[]> actual) =>
        expected.Zip(actual, (p, q) => p.Zip(q, (a, b) => Math.Exp(a) * (a - b)).Sum()).Average();

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private static SafetensorsPlan Plan(string name, Tensor tensor) =>
        new(name, "F32", [.. Enumerable.Range(0, tensor.Shape.Rank).Select(i => tensor.Shape[i])], tensor.Shape.ElementCount * sizeof(float));
}
