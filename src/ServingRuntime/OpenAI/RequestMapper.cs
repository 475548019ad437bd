using System.Globalization;
using System.Text.Json;
using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Hosting;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>
/// JSON to requests: every check of a field is here. What asks for something that is not built is refused; what cannot change the answer is ignored and
/// logged.
/// </summary>
internal sealed partial class RequestMapper(ServingOptions options, TimeProvider timeProvider, ILogger<RequestMapper> logger)
{
    private const int MaxChoices = 16;
    private const int MaxPrompts = 256;
    private const int MaxStops = 16;
    private const int MaxStopLength = 256;
    private const int MaxLogitBias = 1024;
    private const int MaxTopLogprobs = 20;

    /// <exception cref="ApiException">404 for a model that is not served.</exception>
    /// <exception cref="InvalidRequestException">Anything else that is wrong.</exception>
    public ChatCompletionRequest MapChat(JsonElement body, LoadedModel model)
    {
        var arrival = timeProvider.GetTimestamp();
        var fields = new RequestFields(body);
        var name = TakeModel(fields);
        RefuseUnsupported(fields);
        fields.Refuse("tools", IsEmpty);
        fields.Refuse("functions", IsEmpty);
        fields.Refuse("tool_choice", value => value.ValueKind == JsonValueKind.String && value.GetString() is "none" or "auto");
        fields.Refuse("function_call", value => value.ValueKind == JsonValueKind.String && value.GetString() is "none" or "auto");
        fields.Refuse("modalities", value => value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(m => m.ValueEquals("text")));
        fields.Refuse("audio", _ => false);
        fields.Refuse("chat_template", _ => false);
        fields.Refuse("documents", IsEmpty);
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

        var wantsLogprobs = fields.Flag("logprobs") ?? false;
        var top = fields.Integer("top_logprobs", 0, MaxTopLogprobs);
        if (top is not null && !wantsLogprobs)
        {
            throw RequestFields.Wrong("top_logprobs", "needs 'logprobs' to be true");
        }

        var prompt = model.Input.RenderChat(messages.RootElement, addGenerationPrompt, continueFinal, variables);
        var tokens = fields.Flag("add_special_tokens") == true ? model.Input.EncodeText(prompt, addSpecialTokens: true) : model.Input.EncodeChat(prompt);
        var echo = fields.Flag("echo") == true && continueFinal
            ? messages.RootElement[messages.RootElement.GetArrayLength() - 1].GetProperty("content").GetString() ?? ""
            : "";

        // max_completion_tokens wins over the older name.
        var completionTokens = fields.Integer("max_completion_tokens", 1);
        var maxTokens = fields.Integer("max_tokens", 1);
        var id = $"chatcmpl-{Guid.NewGuid():N}";
        var generation = MapGeneration(fields, model, id, tokens, new TokenLimit(
            completionTokens ?? maxTokens, completionTokens is not null ? "max_completion_tokens" : "max_tokens", FillContext: true), wantsLogprobs ? top ?? 0 : null, arrival);
        var request = new ChatCompletionRequest
        {
            Id = id,
            Model = name,
            Generation = generation,
            Stream = TakeStream(fields),
            ReturnTokenIds = fields.Flag("return_token_ids") ?? false,
            Echo = echo,
        };
        LogUnknown(fields);
        return request;
    }

    /// <exception cref="ApiException">404 for a model that is not served.</exception>
    /// <exception cref="InvalidRequestException">Anything else that is wrong.</exception>
    public CompletionRequest MapCompletion(JsonElement body, LoadedModel model)
    {
        var arrival = timeProvider.GetTimestamp();
        var fields = new RequestFields(body);
        var name = TakeModel(fields);
        RefuseUnsupported(fields);
        fields.Refuse("suffix", value => value.ValueKind == JsonValueKind.String && value.GetString()!.Length == 0);
        fields.Refuse("prompt_embeds", IsEmpty);
        var addSpecialTokens = fields.Flag("add_special_tokens") ?? true;
        if (!fields.TryTake("prompt", out var given))
        {
            throw RequestFields.Wrong("prompt", "is missing");
        }

        var prompts = Prompt.Read(given, MaxPrompts);
        var logprobs = fields.Integer("logprobs", 0, MaxTopLogprobs);
        var echo = fields.Flag("echo") ?? false;
        if (echo && logprobs is not null)
        {
            throw new InvalidRequestException("'echo' together with 'logprobs' is not supported by this server", "echo", "unsupported_parameter");
        }

        var limit = new TokenLimit(fields.Integer("max_tokens", 1), "max_tokens", FillContext: false);
        var id = $"cmpl-{Guid.NewGuid():N}";
        var generations = prompts.Select((prompt, i) => MapGeneration(
            fields, model, prompts.Count == 1 ? id : $"{id}-{i}", prompt.TokenIds ?? model.Input.EncodeText(prompt.Text!, addSpecialTokens), limit, logprobs, arrival)).ToList();
        var request = new CompletionRequest
        {
            Id = id,
            Model = name,
            Generations = generations,
            Echo = echo ? [.. prompts.Select((p, i) => p.Text ?? model.Input.Tokenizer.Decode(generations[i].PromptTokenIds, skipSpecialTokens: true))] : null,
            Stream = TakeStream(fields),
            ReturnTokenIds = fields.Flag("return_token_ids") ?? false,
        };
        LogUnknown(fields);
        return request;
    }

    private static bool IsEmpty(JsonElement value) => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0;

    private static bool IsFalse(JsonElement value) => value.ValueKind == JsonValueKind.False;

    /// <summary>What no endpoint can do yet.</summary>
    private static void RefuseUnsupported(RequestFields fields)
    {
        fields.Refuse("response_format", value => value.ValueKind == JsonValueKind.Object && value.TryGetProperty("type", out var type) && type.ValueEquals("text"));
        fields.Refuse("use_beam_search", IsFalse);
        foreach (var name in (ReadOnlySpan<string>)
            ["structured_outputs", "guided_json", "guided_regex", "guided_choice", "guided_grammar", "structural_tag", "prompt_logprobs", "logprob_token_ids",
            "allowed_token_ids", "bad_words", "truncate_prompt_tokens", "thinking_token_budget", "repetition_detection", "prediction", "logits_processors", "kv_transfer_params"])
        {
            fields.Refuse(name, IsEmpty);
        }

        fields.Refuse("length_penalty", value => value.ValueKind == JsonValueKind.Number && value.GetDouble() == 1);
        fields.Refuse("return_tokens_as_token_ids", IsFalse);
        fields.Refuse("spaces_between_special_tokens", value => value.ValueKind == JsonValueKind.True);
    }

    private string TakeModel(RequestFields fields)
    {
        var name = fields.String("model");
        return name is null || name.Length == 0 ? options.ModelName
            : options.Serves(name) ? name
            : throw new ApiException(404, $"The model `{name}` does not exist.", "model", "model_not_found");
    }

    private static StreamOptions TakeStream(RequestFields fields)
    {
        var stream = fields.Flag("stream") ?? false;
        if (!fields.TryTake("stream_options", out var given))
        {
            return new StreamOptions(stream, false, false);
        }

        if (!stream)
        {
            throw RequestFields.Wrong("stream_options", "needs 'stream' to be true");
        }

        var inner = new RequestFields(given.ValueKind == JsonValueKind.Object ? given : throw RequestFields.Wrong("stream_options", "must be an object"));
        var usage = inner.Flag("include_usage") ?? false;
        return new StreamOptions(true, usage, usage && (inner.Flag("continuous_usage_stats") ?? false));
    }

    private static GenerationRequest MapGeneration(
        RequestFields fields, LoadedModel model, string id, IReadOnlyList<int> tokens, TokenLimit limit, int? logprobs, long arrival)
    {
        var defaults = model.Input.Model.Defaults;
        // OpenAI's completions default to 16 tokens; chat to what is left of the context.
        var asked = limit.Asked ?? (limit.FillContext ? null : Math.Min(16, Math.Max(1, model.Input.MaxModelLen - tokens.Count)));
        var maxTokens = model.Input.CheckLengths(tokens, asked, limit.Parameter);
        var choices = fields.Integer("n", 1, MaxChoices) ?? 1;
        if (fields.Integer("best_of", 1) is { } bestOf && bestOf != choices)
        {
            throw new InvalidRequestException("'best_of' other than 'n' is not supported by this server", "best_of", "unsupported_parameter");
        }

        var minTokens = fields.Integer("min_tokens", 0) ?? 0;
        if (minTokens > maxTokens)
        {
            throw RequestFields.Wrong("min_tokens", $"must be at most the {maxTokens} tokens that may be generated, not {minTokens}");
        }

        var salt = fields.String("cache_salt");
        if (salt is { Length: 0 or > 256 })
        {
            throw RequestFields.Wrong("cache_salt", "must have 1 to 256 characters");
        }

        return new GenerationRequest
        {
            RequestId = id,
            PromptTokenIds = tokens,
            N = choices,
            StopStrings = fields.Strings("stop", MaxStops, MaxStopLength),
            IncludeStopStringInOutput = fields.Flag("include_stop_str_in_output") ?? false,
            SkipSpecialTokens = fields.Flag("skip_special_tokens") ?? true,
            EosTokenIds = model.Input.Model.EosTokenIds,
            Priority = fields.Integer("priority") ?? 0,
            CacheSalt = salt,
            ArrivalTimestamp = arrival,
            SamplingParams = new SamplingParams
            {
                Temperature = fields.Number("temperature", 0, 100) ?? defaults.Temperature ?? 1f,
                TopP = fields.Number("top_p", 0, 1, above: true) ?? defaults.TopP ?? 1f,
                TopK = Math.Max(0, fields.Integer("top_k", -1) ?? defaults.TopK ?? 0),
                MinP = fields.Number("min_p", 0, 1) ?? defaults.MinP ?? 0f,
                PresencePenalty = fields.Number("presence_penalty", -2, 2) ?? 0f,
                FrequencyPenalty = fields.Number("frequency_penalty", -2, 2) ?? 0f,
                RepetitionPenalty = fields.Number("repetition_penalty", 0, 10, above: true) ?? defaults.RepetitionPenalty ?? 1f,
                Seed = fields.Long("seed"),
                MaxTokens = maxTokens,
                MinTokens = minTokens,
                IgnoreEos = fields.Flag("ignore_eos") ?? false,
                StopTokenIds = fields.Integers("stop_token_ids", 64),
                LogitBias = TakeLogitBias(fields, model.Input.Tokenizer.VocabSize),
                Logprobs = logprobs,
            },
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

    private void LogUnknown(RequestFields fields)
    {
        var names = fields.Unknown.Take(8).Select(n => n.Length <= 64 && n.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? n : "?").ToList();
        if (names.Count > 0)
        {
            LogIgnored(string.Join(", ", names));
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Request fields without effect were ignored: {Names}")]
    private partial void LogIgnored(string names);

    private sealed record TokenLimit(int? Asked, string Parameter, bool FillContext);
}
