using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Hosting;

namespace Octavo.ServingRuntime.OpenAI.Mapping;

/// <summary>From messages to the prompt's tokens: the same way for an answer and for /tokenize.</summary>
internal static class ChatPromptMapper
{
    /// <exception cref="InvalidRequestException">The messages are malformed, or the template refuses or cannot take what is asked.</exception>
    public static ChatPrompt Take(RequestFields fields, LoadedModel model, ToolRequest tools, bool trustTemplate)
    {
        if (!fields.TryTake("messages", out var given))
        {
            throw RequestFields.Wrong("messages", "is missing");
        }

        var input = model.Input;
        var own = TemplateMapper.TakeTemplate(fields, input, trustTemplate) ?? (tools.ForTemplate is not null ? input.Model.ToolUseTemplate : null);
        var template = own ?? input.Model.ChatTemplate;
        if (tools.ForTemplate is not null && template is not null && !template.Names.Contains("tools"))
        {
            throw fields.Unsupported("tools", "this model's chat template does not take tools: send none, or tool_choice none, or start the server with a --chat-template that takes them");
        }

        using var messages = ChatMessages.Normalize(given, model.Traits);
        var continueFinal = fields.Flag("continue_final_message") ?? false;
        var addGenerationPrompt = fields.Flag("add_generation_prompt") ?? !continueFinal;
        var text = input.RenderChat(messages.RootElement, tools.ForTemplate, addGenerationPrompt, continueFinal, TemplateMapper.TakeVariables(fields, template), own);
        var tokens = fields.Flag("add_special_tokens") == true ? input.EncodeText(text, addSpecialTokens: true) : input.EncodeChat(text);
        var finalText = continueFinal ? messages.RootElement[messages.RootElement.GetArrayLength() - 1].GetProperty("content").GetString() ?? "" : "";
        return new ChatPrompt(text, tokens, finalText);
    }
}

/// <param name="Text">As the template wrote it.</param>
/// <param name="TokenIds">The same as tokens.</param>
/// <param name="FinalMessage">The text that the answer continues; empty where it begins anew.</param>
internal sealed record ChatPrompt(string Text, IReadOnlyList<int> TokenIds, string FinalMessage);
