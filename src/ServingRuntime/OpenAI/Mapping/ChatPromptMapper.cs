using System.Text.Json;
using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.OpenAI.Mapping;

/// <summary>From messages to the prompt's tokens: the same way for an answer and for /tokenize.</summary>
internal static class ChatPromptMapper
{
    public static ChatPrompt Take(RequestFields fields, InputProcessor input)
    {
        if (!fields.TryTake("messages", out var given))
        {
            throw RequestFields.Wrong("messages", "is missing");
        }

        using var messages = ChatMessages.Normalize(given);
        var continueFinal = fields.Flag("continue_final_message") ?? false;
        var addGenerationPrompt = fields.Flag("add_generation_prompt") ?? !continueFinal;
        JsonElement? variables = null;
        if (fields.TryTake("chat_template_kwargs", out var kwargs))
        {
            variables = kwargs.ValueKind == JsonValueKind.Object ? kwargs : throw RequestFields.Wrong("chat_template_kwargs", "must be an object");
        }

        var text = input.RenderChat(messages.RootElement, addGenerationPrompt, continueFinal, variables);
        var tokens = fields.Flag("add_special_tokens") == true ? input.EncodeText(text, addSpecialTokens: true) : input.EncodeChat(text);
        var finalText = continueFinal ? messages.RootElement[messages.RootElement.GetArrayLength() - 1].GetProperty("content").GetString() ?? "" : "";
        return new ChatPrompt(text, tokens, finalText);
    }
}

/// <param name="Text">As the template wrote it.</param>
/// <param name="TokenIds">The same as tokens.</param>
/// <param name="FinalMessage">The text that the answer continues; empty where it begins anew.</param>
internal sealed record ChatPrompt(string Text, IReadOnlyList<int> TokenIds, string FinalMessage);
