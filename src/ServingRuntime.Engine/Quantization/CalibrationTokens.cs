using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Engine.Tokenization;

namespace Octavo.ServingRuntime.Engine.Quantization;

/// <summary>
/// Tokens that a model is calibrated with. A file is text, or lines of JSON (.jsonl), each an object with "text" or "input_ids" or an array of token ids, or (.json) an array of such lines.
/// </summary>
internal static class CalibrationTokens
{
    private const int ShortestSequence = 8;

    /// <returns>Sequences of at most the options' length, and where they are from.</returns>
    /// <exception cref="QuantizationException">The file is missing or malformed, or there is no tokenizer for its text.</exception>
    public static (IReadOnlyList<int[]> Sequences, string Source) Load(QuantizeOptions options, ModelConfig config, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        var tokenizerPath = Path.Combine(options.ModelPath, "tokenizer.json");
        if (options.Calibration == QuantizeOptions.SelfCalibration || (options.Calibration is null && !File.Exists(tokenizerPath)))
        {
            return (Generate(options, config, timeProvider, cancellationToken), "text that the model wrote");
        }

        // Read once, and only where there is text.
        var tokenizer = new Lazy<Tokenizer>(() => Tokenizer.Load(tokenizerPath));
        if (options.Calibration is { } path)
        {
            return (Cut(Read(path, tokenizer), options, config), path);
        }

        using var stream = typeof(CalibrationTokens).Assembly.GetManifestResourceStream("calibration.txt")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return (Cut([Encode(tokenizer, reader.ReadToEnd())], options, config), "the text that ships");
    }

    private static List<int[]> Read(string path, Lazy<Tokenizer> tokenizer)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new QuantizationException(QuantizationFault.NotFound, $"--calibration: {exception.Message}", exception);
        }

        try
        {
            switch (Path.GetExtension(path))
            {
                case ".jsonl":
                    return [.. text.Split('\n').Where(line => !string.IsNullOrWhiteSpace(line)).Select(line => Document(line, tokenizer))];
                case ".json":
                    using (var document = JsonDocument.Parse(text))
                    {
                        return [.. document.RootElement.EnumerateArray().Select(item => Document(item, tokenizer))];
                    }

                default:
                    return [Encode(tokenizer, text)];
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new QuantizationException(
                QuantizationFault.Unsuitable, $"--calibration: {path}: {exception.Message} (lines or items are {{\"text\": ...}}, {{\"input_ids\": [...]}} or [ids])", exception);
        }
    }

    private static int[] Document(string line, Lazy<Tokenizer> tokenizer)
    {
        using var document = JsonDocument.Parse(line);
        return Document(document.RootElement, tokenizer);
    }

    private static int[] Document(JsonElement item, Lazy<Tokenizer> tokenizer)
    {
        var ids = item.ValueKind == JsonValueKind.Array ? item : item.TryGetProperty("input_ids", out var list) ? list : default;
        return ids.ValueKind == JsonValueKind.Array ? [.. ids.EnumerateArray().Select(id => id.GetInt32())] : Encode(tokenizer, item.GetProperty("text").GetString() ?? "");
    }

    private static int[] Encode(Lazy<Tokenizer> tokenizer, string text)
    {
        try
        {
            return [.. tokenizer.Value.Encode(text, addSpecialTokens: true)];
        }
        catch (Exception exception) when (exception is TokenizerFormatException or IOException)
        {
            throw new QuantizationException(
                QuantizationFault.Unsuitable, $"Text needs the model's tokenizer.json: {exception.Message}; --calibration takes token ids and '{QuantizeOptions.SelfCalibration}', too.", exception);
        }
    }

    /// <summary>Sequences of the wanted length, spread over the documents.</summary>
    private static List<int[]> Cut(List<int[]> documents, QuantizeOptions options, ModelConfig config)
    {
        if (documents.SelectMany(document => document).Any(id => id < 0 || id >= config.VocabSize))
        {
            throw new QuantizationException(QuantizationFault.Unsuitable, $"--calibration: token ids must be within 0 to {config.VocabSize - 1}.");
        }

        var sequences = documents.SelectMany(document => document.Chunk(options.SequenceLength)).Where(sequence => sequence.Length >= ShortestSequence).ToList();
        return sequences.Count == 0
            ? throw new QuantizationException(QuantizationFault.Unsuitable, $"--calibration: no document has {ShortestSequence} tokens.")
            : [.. Enumerable.Range(0, Math.Min(options.Samples, sequences.Count)).Select(i => sequences[(int)((long)i * sequences.Count / Math.Min(options.Samples, sequences.Count))])];
    }

    /// <summary>Text of the model's own, from first tokens drawn evenly: close to what it was trained on, whatever that is (Liu et al. 2023, arXiv 2305.17888).</summary>
    private static List<int[]> Generate(QuantizeOptions options, ModelConfig config, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        const int batch = 16;
        var random = new Random(20);
        var length = Math.Min(options.SequenceLength, config.MaxPositionEmbeddings);
        var engineOptions = new EngineOptions
        {
            Device = "cpu", ModelPath = options.ModelPath, MaxModelLen = length, CpuThreads = options.CpuThreads, EnablePrefixCaching = false, MaxNumSeqs = batch, Seed = 20,
            NumBlocksOverride = 1 + (batch * ((length + 15) / 16)),
        };
        using var engine = EngineCoreFactory.Create(engineOptions, timeProvider, NullLogger.Instance);
        var texts = new List<List<int>>();
        for (var i = 0; i < options.Samples; i++)
        {
            texts.Add([random.Next(config.VocabSize)]);
            engine.AddRequest(new EngineCoreRequest
            {
                RequestId = $"{i}", PromptTokenIds = [.. texts[i]], SamplingParams = new SamplingParams { Temperature = 1, Seed = i, MaxTokens = length - 1, IgnoreEos = true },
            });
        }

        var outputs = new List<EngineCoreOutput>();
        while (engine.HasUnfinishedRequests)
        {
            cancellationToken.ThrowIfCancellationRequested();
            engine.Step(outputs);
            foreach (var output in outputs)
            {
                if (output.NewTokenId is { } token)
                {
                    texts[int.Parse(output.RequestId, System.Globalization.CultureInfo.InvariantCulture)].Add(token);
                }
            }
        }

        return texts.ConvertAll(text => text.ToArray());
    }
}
