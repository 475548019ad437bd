using System.Text.Json;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.ServingRuntime.Engine.Tokenization.Jinja;

namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>Turns a client's words into a request that the engine can run: chat template, tokens, and the limits of model and server.</summary>
public sealed class InputProcessor(ModelTokenizer model, int maxModelLen, int vocabSize)
{
    /// <summary>Most tokens of prompt and output together.</summary>
    public int MaxModelLen => maxModelLen;

    /// <summary>Of the model: token ids are below it.</summary>
    public int VocabSize => vocabSize;

    public ModelTokenizer Model => model;

    public Tokenizer Tokenizer => model.Tokenizer;

    /// <summary>For what cannot be done with token ids alone.</summary>
    /// <param name="parameter">The field that asks for it.</param>
    /// <param name="instead">What the message ends with.</param>
    /// <exception cref="InvalidRequestException">The server runs without a tokenizer.</exception>
    public void RequireTokenizer(string parameter, string instead = ": send prompts as token ids to /v1/completions, with return_token_ids")
    {
        if (!model.Tokenizer.HasVocabulary)
        {
            throw new InvalidRequestException($"'{parameter}' needs a tokenizer, and this server runs without one (--skip-tokenizer-init){instead}", parameter, "unsupported_parameter");
        }
    }

    /// <summary>The prompt of a conversation as text.</summary>
    /// <param name="messages">An array of messages.</param>
    /// <param name="tools">An array of tools; null: none.</param>
    /// <param name="addGenerationPrompt">Whether the assistant's turn is opened.</param>
    /// <param name="continueFinalMessage">Whether the last message stays open, to be continued; excludes the generation prompt.</param>
    /// <param name="variables">Further template variables.</param>
    /// <param name="ownTemplate">Used instead of the model's.</param>
    /// <exception cref="InvalidRequestException">The template refuses the conversation or fails on it.</exception>
    public string RenderChat(JsonElement messages, JsonElement? tools, bool addGenerationPrompt, bool continueFinalMessage, JsonElement? variables, ChatTemplate? ownTemplate = null)
    {
        RequireTokenizer("messages");
        if ((ownTemplate ?? model.ChatTemplate) is not { } template)
        {
            throw new InvalidRequestException("this model has no chat template: use /v1/completions", "messages");
        }

        if (continueFinalMessage && addGenerationPrompt)
        {
            throw new InvalidRequestException("continue_final_message and add_generation_prompt cannot both be true", "continue_final_message");
        }

        try
        {
            var prompt = template.Render(messages, tools, addGenerationPrompt, variables);
            return continueFinalMessage ? CutAfterFinalMessage(prompt, messages) : prompt;
        }
        catch (TemplateException e)
        {
            throw new InvalidRequestException(
                e.Fault == TemplateFault.Raised ? e.Message : $"the chat template cannot render these messages: {e.Message}", "messages");
        }
    }

    /// <summary>Token ids of a rendered conversation: the template has written the special tokens itself.</summary>
    public IReadOnlyList<int> EncodeChat(string prompt) => model.Tokenizer.Encode(prompt, addSpecialTokens: false);

    /// <exception cref="InvalidRequestException">The server runs without a tokenizer.</exception>
    public IReadOnlyList<int> EncodeText(string prompt, bool addSpecialTokens)
    {
        RequireTokenizer("prompt");
        return model.Tokenizer.Encode(prompt, addSpecialTokens);
    }

    /// <summary>Checks the prompt against the model and settles how many tokens may be generated.</summary>
    /// <param name="promptTokenIds">The prompt.</param>
    /// <param name="maxTokens">What the client asks for; null: what is left of the context, within the model's own suggestion.</param>
    /// <param name="maxTokensParameter">The field that asked, for the message.</param>
    /// <returns>Tokens to generate at most.</returns>
    /// <exception cref="InvalidRequestException">The prompt or the sum is too long, or a token id is no token of this model.</exception>
    public int CheckLengths(IReadOnlyList<int> promptTokenIds, int? maxTokens, string maxTokensParameter)
    {
        if (promptTokenIds.Count == 0)
        {
            throw new InvalidRequestException("the prompt is empty", "prompt");
        }

        foreach (var id in promptTokenIds)
        {
            if (id < 0 || id >= vocabSize)
            {
                throw new InvalidRequestException($"token id {id} is out of the vocabulary of {vocabSize} tokens", "prompt");
            }
        }

        if (promptTokenIds.Count >= maxModelLen)
        {
            throw new InvalidRequestException(
                $"This model's maximum context length is {maxModelLen} tokens, but the prompt has {promptTokenIds.Count} tokens. Please shorten the prompt.",
                "prompt",
                "context_length_exceeded");
        }

        var remainder = maxModelLen - promptTokenIds.Count;
        if (maxTokens is not { } asked)
        {
            return Math.Min(remainder, model.Defaults.MaxNewTokens ?? remainder);
        }

        return asked <= remainder
            ? asked
            : throw new InvalidRequestException(
                $"This model's maximum context length is {maxModelLen} tokens, but {promptTokenIds.Count} prompt tokens and {maxTokensParameter}={asked} make "
                + $"{(long)promptTokenIds.Count + asked}. At most {remainder} tokens can be generated.",
                maxTokensParameter,
                "context_length_exceeded");
    }

    private static string CutAfterFinalMessage(string prompt, JsonElement messages)
    {
        var last = messages[messages.GetArrayLength() - 1];
        var content = last.TryGetProperty("content", out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()!.Trim() : "";
        var at = content.Length == 0 ? -1 : prompt.LastIndexOf(content, StringComparison.Ordinal);
        return at >= 0
            ? prompt[..(at + content.Length)]
            : throw new InvalidRequestException("continue_final_message needs a last message whose text the chat template writes out", "continue_final_message");
    }
}
