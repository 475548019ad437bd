using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Engine.Speculation;

namespace Octavo.ServingRuntime.Configuration;

/// <summary>What --speculative-config holds, in vLLM's words (<c>vllm/config/speculative.py</c>). A word that is not known here is an error: it would change nothing.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record SpeculativeConfig
{
    private static readonly JsonSerializerOptions Names = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>ngram or draft_model. Default: ngram, or draft_model where there is a model.</summary>
    public string? Method { get; init; }

    /// <summary>Folder of the draft model.</summary>
    public string? Model { get; init; }

    public int? NumSpeculativeTokens { get; init; }

    /// <summary>Where only one of the two is given it stands for both.</summary>
    public int? PromptLookupMin { get; init; }

    public int? PromptLookupMax { get; init; }

    /// <summary>Most running requests with which drafts are made.</summary>
    public int? DisableByBatchSize { get; init; }

    public static Option<SpeculativeOptions?> Option() => new(ServingFlags.SpeculativeConfig)
    {
        Description = """Speculative decoding, as JSON: {"method":"ngram","num_speculative_tokens":4,"prompt_lookup_min":3,"prompt_lookup_max":5} or {"model":"FOLDER"}. Changes no output.""",
        CustomParser = result =>
        {
            try
            {
                return Parse(string.Concat(result.Tokens));
            }
            catch (FormatException exception)
            {
                result.AddError($"{ServingFlags.SpeculativeConfig}: {exception.Message}");
                return null;
            }
        },
    };

    /// <exception cref="FormatException">The text is no such object; the message says why.</exception>
    public static SpeculativeOptions Parse(string json)
    {
        SpeculativeConfig config;
        try
        {
            config = JsonSerializer.Deserialize<SpeculativeConfig>(json, Names) ?? throw new FormatException("null is no object");
        }
        catch (JsonException exception)
        {
            throw new FormatException(exception.Message, exception);
        }

        var defaults = new SpeculativeOptions();
        return defaults with
        {
            Method = (config.Method ?? (config.Model is null or "ngram" ? "ngram" : "draft_model")) switch
            {
                "ngram" => SpeculativeMethod.Ngram,
                "draft_model" => SpeculativeMethod.DraftModel,
                var other => throw new FormatException($"method '{other}' is none of ngram, draft_model"),
            },
            NumSpeculativeTokens = config.NumSpeculativeTokens ?? defaults.NumSpeculativeTokens,
            PromptLookupMin = config.PromptLookupMin ?? config.PromptLookupMax ?? defaults.PromptLookupMin,
            PromptLookupMax = config.PromptLookupMax ?? config.PromptLookupMin ?? defaults.PromptLookupMax,
            DraftModelPath = config.Model == "ngram" ? null : config.Model,
            MaxRunningRequests = config.DisableByBatchSize ?? defaults.MaxRunningRequests,
        };
    }
}
