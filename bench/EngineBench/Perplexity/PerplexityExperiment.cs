using Octavo.EngineBench.Results;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Engine.Quantization;

namespace Octavo.EngineBench.Perplexity;

/// <summary>
/// How well a model predicts a text and, beside a reference, how far its predictions are from that one's: what quantisation costs, on text of the kind that the model is for. Where the text itself
/// is partly chance, a model that is merely less sure has less perplexity; the divergence has no such weakness.
/// </summary>
internal static class PerplexityExperiment
{
    private const int SequenceLength = 512;

    /// <param name="text">Text or token ids, as for <c>octavo quantize --calibration</c>; sequences of 512 tokens, documents apart.</param>
    /// <param name="reference">Folder of the model that is compared with; null: none.</param>
    public static ExperimentResult Run(BenchOptions options, string text, string? reference)
    {
        var config = ModelConfig.Load(options.ModelPath);
        var reading = new QuantizeOptions { ModelPath = options.ModelPath, OutputPath = "", Calibration = text, Samples = int.MaxValue, SequenceLength = SequenceLength };
        var (sequences, _) = CalibrationTokens.Load(reading, config, TimeProvider.System, CancellationToken.None);
        using var engine = Engine(options.Engine);
        using var original = reference is null ? null : Engine(options.Engine with { ModelPath = reference });
        double loss = 0, divergence = 0;
        int tokens = 0, agree = 0;
        foreach (var sequence in sequences)
        {
            var predicted = Predict(engine, sequence, original is null ? 0 : -1);
            tokens += predicted.Count;
            loss -= predicted.Sum(position => position.Logprob);
            if (original is not null)
            {
                var expected = Predict(original, sequence, -1);
                for (var i = 0; i < predicted.Count; i++)
                {
                    var own = predicted[i].Top.ToDictionary(entry => entry.TokenId, entry => entry.Logprob);
                    divergence += expected[i].Top.Sum(entry => Math.Exp(entry.Logprob) * (entry.Logprob - own[entry.TokenId]));
                    agree += expected[i].Top[0].TokenId == predicted[i].Top[0].TokenId ? 1 : 0;
                }
            }
        }

        var figures = new Dictionary<string, double>(StringComparer.Ordinal) { ["perplexity"] = Math.Exp(loss / tokens) };
        List<string> columns = ["tokens", "perplexity"], row = [$"{tokens}", ResultWriter.Text(figures["perplexity"], "F3")];
        if (original is not null)
        {
            (figures["divergence"], figures["agreement"]) = (divergence / tokens, (double)agree / tokens);
            columns.AddRange(["divergence (nats a token)", "same first choice"]);
            row.AddRange([ResultWriter.Text(figures["divergence"], "F5"), ResultWriter.Text(figures["agreement"], "P2")]);
        }

        return new ExperimentResult("perplexity", "Perplexity", [new ResultTable($"Over {sequences.Count} sequences of {text}", columns, [row])], figures);
    }

    private static EngineHarness Engine(EngineOptions options) => new(options with { EnablePrefixCaching = false, MaxModelLen = SequenceLength + 1, MaxNumSeqs = 1 }, warmUpSeconds: 0);

    /// <summary>What the model gives each token of a sequence but the first.</summary>
    private static List<TokenLogprobs> Predict(EngineHarness engine, int[] sequence, int top)
    {
        engine.Add(sequence, new SamplingParams { Temperature = 0, MaxTokens = 1, PromptLogprobs = top });
        var found = new List<TokenLogprobs>();
        while (engine.Engine.HasUnfinishedRequests)
        {
            found.AddRange(engine.Step().SelectMany(output => output.PromptLogprobs ?? []).OfType<TokenLogprobs>());
        }

        return found;
    }
}
