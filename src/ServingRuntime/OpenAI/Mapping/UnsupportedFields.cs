using System.Text.Json;

namespace Octavo.ServingRuntime.OpenAI.Mapping;

/// <summary>Fields that ask for what this server cannot do: refused, unless their value asks for nothing.</summary>
internal static class UnsupportedFields
{
    private static readonly string[] Everywhere =
    [
        "structured_outputs", "guided_json", "guided_regex", "guided_choice", "guided_grammar", "structural_tag", "prompt_logprobs", "logprob_token_ids",
        "allowed_token_ids", "bad_words", "truncate_prompt_tokens", "thinking_token_budget", "repetition_detection", "prediction", "logits_processors", "kv_transfer_params",
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
        fields.Refuse("response_format", value => value.ValueKind == JsonValueKind.Object && value.TryGetProperty("type", out var type) && type.ValueEquals("text"));
        fields.Refuse("use_beam_search", IsFalse);
        foreach (var name in Everywhere)
        {
            fields.Refuse(name, IsEmpty);
        }

        fields.Refuse("length_penalty", value => value.ValueKind == JsonValueKind.Number && value.GetDouble() == 1);
        fields.Refuse("return_tokens_as_token_ids", IsFalse);
        fields.Refuse("spaces_between_special_tokens", value => value.ValueKind == JsonValueKind.True);
    }

    private static bool IsEmpty(JsonElement value) => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0;

    private static bool IsFalse(JsonElement value) => value.ValueKind == JsonValueKind.False;
}
