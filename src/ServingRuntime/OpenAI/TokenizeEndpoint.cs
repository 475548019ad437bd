using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.Hosting;
using Octavo.ServingRuntime.OpenAI.Mapping;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>POST /tokenize and /detokenize, vLLM's.</summary>
internal sealed class TokenizeEndpoint(ModelHost host, ServingOptions options)
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

        await context.Response.WriteJsonAsync(new TokenizeResponse(tokens.Count, model.Input.MaxModelLen, tokens), OpenAIJson.Context.TokenizeResponse);
    }

    private async Task DetokenizeAsync(HttpContext context)
    {
        var model = GenerationRun.RequireLoaded(host);
        using var body = await RequestBody.ReadAsync(context);
        var tokens = new RequestFields(body.RootElement).Integers("tokens", MaxTokens);
        await context.Response.WriteJsonAsync(
            new DetokenizeResponse(model.Input.Tokenizer.Decode(tokens, skipSpecialTokens: false)), OpenAIJson.Context.DetokenizeResponse);
    }
}

internal sealed record TokenizeResponse(int Count, int MaxModelLen, IReadOnlyList<int> Tokens);

internal sealed record DetokenizeResponse(string Prompt);
