using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.Hosting;
using Octavo.ServingRuntime.OpenAI.Mapping;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>POST /tokenize and /detokenize, vLLM's.</summary>
internal sealed class TokenizeEndpoint(ModelHost host, RequestMapper mapper, ServingOptions options)
{
    private const int MaxTokens = 1_000_000;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/tokenize", TokenizeAsync);
        routes.MapPost("/detokenize", DetokenizeAsync);
    }

    private async Task TokenizeAsync(HttpContext context)
    {
        var model = GenerationRun.RequireLoaded(host);
        using var body = await RequestBody.ReadAsync(context);
        var fields = new RequestFields(body.RootElement);
        mapper.TakeModel(fields);
        IReadOnlyList<int> tokens;
        if (fields.TryTake("messages", out _))
        {
            tokens = ChatPromptMapper.Take(fields, model, ToolMapper.Take(fields), options.TrustRequestChatTemplate).TokenIds;
        }
        else
        {
            var prompt = fields.String("prompt") ?? throw RequestFields.Wrong("prompt", "or 'messages' is needed");
            tokens = model.Input.EncodeText(prompt, fields.Flag("add_special_tokens") ?? true);
        }

        var texts = fields.Flag("return_token_strs") == true ? tokens.Select(t => model.Input.Tokenizer.IdToToken(t) ?? "").ToList() : null;
        await context.Response.WriteJsonAsync(new TokenizeResponse(tokens.Count, model.Input.MaxModelLen, tokens, texts), OpenAIJson.Context.TokenizeResponse);
    }

    private async Task DetokenizeAsync(HttpContext context)
    {
        var model = GenerationRun.RequireLoaded(host);
        using var body = await RequestBody.ReadAsync(context);
        var fields = new RequestFields(body.RootElement);
        mapper.TakeModel(fields);
        if (!fields.TryTake("tokens", out _))
        {
            throw fields.Fault("tokens", "is missing");
        }

        model.Input.RequireTokenizer("tokens");
        var tokens = fields.Integers("tokens", MaxTokens);
        var vocabSize = model.Input.Tokenizer.VocabSize;
        if (tokens.Any(t => t < 0 || t >= vocabSize))
        {
            throw fields.Fault("tokens", $"names an id that is none of the {vocabSize} tokens");
        }

        await context.Response.WriteJsonAsync(
            new DetokenizeResponse(model.Input.Tokenizer.Decode(tokens, skipSpecialTokens: false)), OpenAIJson.Context.DetokenizeResponse);
    }
}

/// <param name="Count">Tokens.</param>
/// <param name="MaxModelLen">What the model can take.</param>
/// <param name="Tokens">Their ids.</param>
/// <param name="TokenStrs">As the vocabulary writes them, where asked for.</param>
internal sealed record TokenizeResponse(int Count, int MaxModelLen, IReadOnlyList<int> Tokens, IReadOnlyList<string>? TokenStrs);

internal sealed record DetokenizeResponse(string Prompt);
