using System.Text.Json;

namespace Octavo.ServingRuntime.OpenAI.Mapping;

/// <summary>Fields that ask for what this server cannot do: refused, unless their value asks for nothing.</summary>
internal static class UnsupportedFields
{
    private static readonly string[] Everywhere =
    [
        "structural_tag", "thinking_token_budget", "repetition_detection", "prediction", "logits_processors", "kv_transfer_params",
    ];

    private static readonly string[] Accepted =
    [
        "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "verbosity", "spaces_between_special_tokens", "request_id",
    ];

    public static void RefuseInChat(RequestFields fields)
    {
        Refuse(fields);
        fields.Refuse("modalities", value => value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(m => m.ValueEquals("text")));
        fields.Refuse("audio", _ => false);
    }

    public static void RefuseInCompletion(RequestFields fields)
    {
        Refuse(fields);
        fields.Refuse("suffix", value => value.ValueKind == JsonValueKind.String && value.GetString()!.Length == 0);
        fields.Refuse("prompt_embeds", IsEmpty);
    }

    private static void Refuse(RequestFields fields)
    {
        Accept(fields);
        fields.Refuse("use_beam_search", IsFalse);
        foreach (var name in Everywhere)
        {
            fields.Refuse(name, IsEmpty);
        }

        fields.Refuse("length_penalty", value => value.ValueKind == JsonValueKind.Number && value.GetDouble() == 1);
    }

    /// <summary>
    /// Fields that say something about the request and nothing about its answer. spaces_between_special_tokens concerns slow tokenizers alone, which this server
    /// has none of.
    /// </summary>
    private static void Accept(RequestFields fields)
    {
        foreach (var name in Accepted)
        {
            fields.TryTake(name, out _);
        }
    }

    private static bool IsEmpty(JsonElement value) => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0;

    private static bool IsFalse(JsonElement value) => value.ValueKind == JsonValueKind.False;
}
