using Octavo.ServingContract;
using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Hosting;
using Octavo.ServingRuntime.OpenAI;

namespace Octavo.ServingRuntime.Embeddings;

/// <summary>POST /v1/embeddings: one vector an input. Inputs of a request are run a few at a time, so that one client's list does not fill the queue.</summary>
internal sealed class EmbeddingsEndpoint(ModelHost host, ServingOptions options, RequestMapper mapper, TimeProvider timeProvider)
{
    private const int MaxInputs = 2048;
    private const int AtOnce = 32;

    public void Map(IEndpointRouteBuilder routes) => routes.MapPost(ServingPaths.Embeddings, HandleAsync);

    public async Task HandleAsync(HttpContext context)
    {
        var model = GenerationRun.RequireLoaded(host);
        var arrival = timeProvider.GetTimestamp();
        var id = $"embd-{Guid.NewGuid():N}";
        string name;
        bool base64;
        List<GenerationRequest> requests;
        using (var body = await RequestBody.ReadAsync(context))
        {
            var fields = new RequestFields(body.RootElement);
            name = mapper.TakeModel(fields);
            base64 = fields.String("encoding_format") switch
            {
                null or "float" => false,
                "base64" => true,
                _ => throw RequestFields.Wrong("encoding_format", "must be float or base64"),
            };
            var dimensions = fields.Integer("dimensions", 1, model.Llm.HiddenSize);
            fields.Refuse("truncate_prompt_tokens", _ => false);
            var pooling = new PoolingParams(model.Pooling.Type, fields.Flag("normalize") ?? model.Pooling.Normalize, dimensions);
            var priority = fields.Integer("priority") ?? 0;
            var salt = fields.String("cache_salt");
            var special = fields.Flag("add_special_tokens") ?? true;
            if (!fields.TryTake("input", out var input))
            {
                throw RequestFields.Wrong("input", "is missing");
            }

            var scope = RequestScope.Of(context);
            var prompts = Prompt.Read(input, MaxInputs, "input");
            requests = [.. prompts.Select((prompt, i) => scope.Apply(new GenerationRequest
            {
                RequestId = prompts.Count == 1 ? id : $"{id}-{i}",
                PromptTokenIds = Check(prompt.TokenIds ?? model.Input.EncodeText(prompt.Text!, special), model, i),
                SamplingParams = new SamplingParams { MaxTokens = 1 },
                Pooling = pooling,
                Priority = priority,
                CacheSalt = salt,
                ArrivalTimestamp = arrival,
            }))];
        }

        var outputs = await RunAsync(model.Llm, requests, context.RequestAborted);
        var tokens = requests.Sum(r => r.PromptTokenIds.Count);
        await context.Response.WriteJsonAsync(
            new EmbeddingsResponse
            {
                Id = id,
                Created = timeProvider.GetUtcNow().ToUnixTimeSeconds(),
                Model = name,
                Data = [.. outputs.Select((output, i) => new EmbeddingItem(i, new EmbeddingVector(output.Vector, base64)))],
                Usage = new EmbeddingsUsage(tokens, tokens, new PromptTokensDetails(outputs.Sum(o => o.NumCachedTokens))),
            },
            OpenAIJson.Context.EmbeddingsResponse);
    }

    private async Task<EmbeddingOutput[]> RunAsync(AsyncLlm llm, List<GenerationRequest> requests, CancellationToken cancellationToken)
    {
        var outputs = new EmbeddingOutput[requests.Count];
        await Parallel.ForAsync(
            0, requests.Count, new ParallelOptions { MaxDegreeOfParallelism = Math.Min(AtOnce, Math.Max(1, options.MaxQueuedRequests)), CancellationToken = cancellationToken },
            async (i, stop) => outputs[i] = await llm.EmbedAsync(requests[i], stop));
        return outputs;
    }

    private static IReadOnlyList<int> Check(IReadOnlyList<int> tokens, LoadedModel model, int index)
    {
        if (tokens.Count == 0)
        {
            throw RequestFields.Wrong("input", $"is empty at index {index}");
        }

        if (tokens.Count > model.Input.MaxModelLen)
        {
            throw new InvalidRequestException(
                $"This model's maximum context length is {model.Input.MaxModelLen} tokens, but the input at index {index} has {tokens.Count} tokens. Please shorten the input.",
                "input", "context_length_exceeded");
        }

        foreach (var id in tokens)
        {
            if (id < 0 || id >= model.Input.VocabSize)
            {
                throw RequestFields.Wrong("input", $"has token id {id} at index {index}, which is out of the vocabulary of {model.Input.VocabSize} tokens");
            }
        }

        return tokens;
    }
}
