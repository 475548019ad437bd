using System.Globalization;
using System.Text.Json;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.OpenAI.Mapping;

/// <summary>How tokens are chosen: fields of a request over the model's own defaults.</summary>
internal static class SamplingMapper
{
    private const int MaxLogitBias = 1024;
    private const int MaxStopTokens = 64;

    /// <summary>All but the number of tokens and the log-probabilities.</summary>
    public static SamplingParams Take(RequestFields fields, InputProcessor input)
    {
        var defaults = input.Model.Defaults;
        return new SamplingParams
        {
            Temperature = fields.Number("temperature", 0, 100) ?? defaults.Temperature ?? 1f,
            TopP = fields.Number("top_p", 0, 1, above: true) ?? defaults.TopP ?? 1f,
            TopK = Math.Max(0, fields.Integer("top_k", -1) ?? defaults.TopK ?? 0),
            MinP = fields.Number("min_p", 0, 1) ?? defaults.MinP ?? 0f,
            PresencePenalty = fields.Number("presence_penalty", -2, 2) ?? 0f,
            FrequencyPenalty = fields.Number("frequency_penalty", -2, 2) ?? 0f,
            RepetitionPenalty = fields.Number("repetition_penalty", 0, 10, above: true) ?? defaults.RepetitionPenalty ?? 1f,
            Seed = fields.Long("seed"),
            MinTokens = fields.Integer("min_tokens", 0) ?? 0,
            IgnoreEos = fields.Flag("ignore_eos") ?? false,
            StopTokenIds = fields.Integers("stop_token_ids", MaxStopTokens),
            AllowedTokenIds = TokenListMapper.TakeAllowed(fields, input.Tokenizer.VocabSize),
            BadWordsTokenIds = TokenListMapper.TakeBadWords(fields, input),
            LogitBias = TakeLogitBias(fields, input.Tokenizer.VocabSize),
        };
    }

    private static Dictionary<int, float> TakeLogitBias(RequestFields fields, int vocabSize)
    {
        var bias = new Dictionary<int, float>();
        if (!fields.TryTake("logit_bias", out var given))
        {
            return bias;
        }

        if (given.ValueKind != JsonValueKind.Object || given.GetPropertyCount() > MaxLogitBias)
        {
            throw RequestFields.Wrong("logit_bias", $"must be an object of at most {MaxLogitBias} tokens");
        }

        foreach (var entry in given.EnumerateObject())
        {
            if (!int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id >= vocabSize)
            {
                throw RequestFields.Wrong("logit_bias", $"names '{entry.Name}', which is no token id below {vocabSize}");
            }

            bias[id] = entry.Value.ValueKind == JsonValueKind.Number && entry.Value.GetDouble() is >= -100 and <= 100 and var value
                ? (float)value
                : throw RequestFields.Wrong("logit_bias", "must hold numbers from -100 to 100");
        }

        return bias;
    }
}
