using System.Text.Json;
using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.StructuredOutput;
using Octavo.ServingRuntime.Hosting;
using Octavo.ServingRuntime.OpenAI.Mapping;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>
/// JSON to requests; each concern has its mapper in <c>Mapping</c>. What asks for something that is not built is refused; what cannot change the answer is
/// ignored and logged.
/// </summary>
internal sealed partial class RequestMapper(ServingOptions options, TimeProvider timeProvider, ILogger<RequestMapper> logger)
{
    private const int MaxPrompts = 256;

    /// <exception cref="ApiException">404 for a model that is not served.</exception>
    /// <exception cref="InvalidRequestException">Anything else that is wrong.</exception>
    public async Task<ChatCompletionRequest> MapChatAsync(JsonElement body, LoadedModel model, CancellationToken cancellationToken)
    {
        var arrival = timeProvider.GetTimestamp();
        var fields = new RequestFields(body);
        var name = TakeModel(fields);
        UnsupportedFields.RefuseInChat(fields);
        var logprobs = LogprobsMapper.TakeChat(fields, options.MaxLogprobs, model.Input.Tokenizer.VocabSize);
        var tools = ToolMapper.Take(fields);
        var prompt = ChatPromptMapper.Take(fields, model, tools, options.TrustRequestChatTemplate);
        var format = AnswerFormatMapper.Take(fields, model.Traits, tools, prompt);
        var constraint = ToolConstraint.Combine(ResponseFormatMapper.Take(fields), tools, format);
        var id = $"chatcmpl-{Guid.NewGuid():N}";
        var generation = new GenerationMapper(fields, model.Input, TokenLimit.TakeChat(fields), logprobs, arrival).For(id, prompt.TokenIds);
        var request = new ChatCompletionRequest
        {
            Id = id,
            Model = name,
            Generation = generation with { ShownSpecialTokenIds = model.Traits.Marks, Constraint = await CompileAsync(constraint, model, cancellationToken) },
            Stream = StreamMapper.Take(fields),
            ReturnTokenIds = fields.Flag("return_token_ids") ?? false,
            Logprobs = logprobs,
            Format = format,
            Echo = fields.Flag("echo") == true ? prompt.FinalMessage : "",
        };
        LogUnknown(fields);
        return request;
    }

    /// <exception cref="ApiException">404 for a model that is not served.</exception>
    /// <exception cref="InvalidRequestException">Anything else that is wrong.</exception>
    public async Task<CompletionRequest> MapCompletionAsync(JsonElement body, LoadedModel model, CancellationToken cancellationToken)
    {
        var arrival = timeProvider.GetTimestamp();
        var fields = new RequestFields(body);
        var name = TakeModel(fields);
        UnsupportedFields.RefuseInCompletion(fields);
        var addSpecialTokens = fields.Flag("add_special_tokens") ?? true;
        if (!fields.TryTake("prompt", out var given))
        {
            throw RequestFields.Wrong("prompt", "is missing");
        }

        var prompts = Prompt.Read(given, MaxPrompts);
        var echo = fields.Flag("echo") ?? false;
        var logprobs = LogprobsMapper.TakeCompletion(fields, options.MaxLogprobs, model.Input.Tokenizer.VocabSize, echo);
        if (echo)
        {
            model.Input.RequireTokenizer("echo");
        }

        if ((logprobs.Count is not null || logprobs.Prompt is not null) && !logprobs.AsTokenIds)
        {
            model.Input.RequireTokenizer(logprobs.Count is null ? "prompt_logprobs" : "logprobs", ": log-probabilities need 'return_tokens_as_token_ids'");
        }

        var limit = TokenLimit.TakeCompletion(fields, echo);
        var id = $"cmpl-{Guid.NewGuid():N}";
        var mapper = new GenerationMapper(fields, model.Input, limit.Asked == 0 ? limit with { Asked = 1 } : limit, logprobs, arrival);
        var generations = prompts
            .Select((prompt, i) => mapper.For(prompts.Count == 1 ? id : $"{id}-{i}", prompt.TokenIds ?? model.Input.EncodeText(prompt.Text!, addSpecialTokens)))
            .ToList();
        var tokenizer = model.Input.Tokenizer;
        var constraint = await CompileAsync(ResponseFormatMapper.Take(fields), model, cancellationToken);
        var request = new CompletionRequest
        {
            Id = id,
            Model = name,
            Generations = constraint is null ? generations : [.. generations.Select(g => g with { Constraint = constraint })],
            FirstTokens = [.. generations.Select(g => (g.PromptTokenIds[0], tokenizer.Decode([g.PromptTokenIds[0]], skipSpecialTokens: false)))],
            Echo = echo ? [.. prompts.Select((p, i) => p.Text ?? tokenizer.Decode(generations[i].PromptTokenIds, skipSpecialTokens: true))] : null,
            PromptOnly = limit.Asked == 0,
            Stream = StreamMapper.Take(fields),
            ReturnTokenIds = fields.Flag("return_token_ids") ?? false,
            Logprobs = logprobs,
        };
        LogUnknown(fields);
        return request;
    }

    /// <exception cref="ApiException">404 for a model that is not served.</exception>
    public string TakeModel(RequestFields fields)
    {
        var name = fields.String("model");
        return name is null || name.Length == 0 ? options.ModelName
            : options.Serves(name) ? name
            : throw new ApiException(404, $"The model `{name}` does not exist.", "model", "model_not_found");
    }

    private static async ValueTask<ITokenConstraintSource?> CompileAsync(OutputConstraint? constraint, LoadedModel model, CancellationToken cancellationToken)
    {
        if (constraint is null)
        {
            return null;
        }

        model.Input.RequireTokenizer("response_format");
        return await constraint.CompileAsync(model.Grammars, cancellationToken);
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
}
