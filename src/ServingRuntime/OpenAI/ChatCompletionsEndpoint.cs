using System.Text;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Hosting;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>POST /v1/chat/completions, streamed and not.</summary>
internal sealed class ChatCompletionsEndpoint(ModelHost host, RequestMapper mapper, TimeProvider timeProvider)
{
    public async Task HandleAsync(HttpContext context)
    {
        var model = GenerationRun.RequireLoaded(host);
        ChatCompletionRequest request;
        using (var body = await RequestBody.ReadAsync(context))
        {
            request = mapper.MapChat(body.RootElement, model);
        }

        var outputs = GenerationRun.RunAsync(model.Llm, [request.Generation], RequestScope.Of(context), context.RequestAborted);
        var created = timeProvider.GetUtcNow().ToUnixTimeSeconds();
        await (request.Stream.Enabled ? StreamAsync(context, request, outputs, created) : CompleteAsync(context, request, outputs, created));
    }

    private static async Task CompleteAsync(HttpContext context, ChatCompletionRequest request, IAsyncEnumerable<(int Prompt, RequestOutput Output)> outputs, long created)
    {
        var usage = new UsageCounter(request.Generation.PromptTokenIds.Count);
        var answers = Enumerable.Range(0, request.Generation.N).Select(_ => new Answer(request.Echo)).ToArray();
        await foreach (var (prompt, output) in outputs)
        {
            usage.Add(prompt, output);
            answers[output.Index].Add(output);
        }

        await context.Response.WriteJsonAsync(
            new ChatCompletionResponse
            {
                Id = request.Id,
                Created = created,
                Model = request.Model,
                Choices = [.. answers.Select((answer, index) => new ChatChoice
                {
                    Index = index,
                    Message = new ChatMessage(request.ResponseRole, answer.Text.ToString()),
                    Logprobs = request.Generation.SamplingParams.Logprobs is null ? null : ChatLogprobs.From(answer.Logprobs),
                    FinishReason = GenerationRun.FinishReasonName(answer.Last!.FinishReason!.Value),
                    StopReason = StopReason.From(answer.Last),
                    TokenIds = request.ReturnTokenIds ? answer.TokenIds : null,
                })],
                Usage = usage.Current,
                PromptTokenIds = request.ReturnTokenIds ? request.Generation.PromptTokenIds : null,
            },
            OpenAIJson.Context.ChatCompletionResponse);
    }

    private static async Task StreamAsync(HttpContext context, ChatCompletionRequest request, IAsyncEnumerable<(int Prompt, RequestOutput Output)> outputs, long created)
    {
        var events = new ServerSentEventWriter(context.Response);
        var usage = new UsageCounter(request.Generation.PromptTokenIds.Count);
        ChatCompletionChunk Chunk(params ChatChunkChoice[] choices) => new()
        {
            Id = request.Id,
            Created = created,
            Model = request.Model,
            Choices = choices,
            Usage = request.Stream.ContinuousUsage ? usage.Current : null,
        };
        Task SendAsync(ChatCompletionChunk chunk) => events.WriteAsync(chunk, OpenAIJson.Context.ChatCompletionChunk);
        try
        {
            var begun = false;
            await foreach (var (prompt, output) in outputs)
            {
                usage.Add(prompt, output);
                if (!begun)
                {
                    // Only now is it certain that the answer is no error with a status of its own.
                    begun = true;
                    for (var i = 0; i < request.Generation.N; i++)
                    {
                        var first = Chunk(new ChatChunkChoice { Index = i, Delta = new ChatDelta { Role = request.ResponseRole, Content = request.Echo } });
                        await SendAsync(i == 0 && request.ReturnTokenIds ? first with { PromptTokenIds = request.Generation.PromptTokenIds } : first);
                    }
                }

                if (output.TextDelta.Length > 0 || (output.NewTokenIds.Count > 0 && (output.NewLogprobs is not null || request.ReturnTokenIds)))
                {
                    await SendAsync(Chunk(new ChatChunkChoice
                    {
                        Index = output.Index,
                        Delta = new ChatDelta { Content = output.TextDelta },
                        Logprobs = ChatLogprobs.From(output.NewLogprobs),
                        TokenIds = request.ReturnTokenIds ? output.NewTokenIds : null,
                    }));
                }

                if (output.FinishReason is { } reason)
                {
                    await SendAsync(Chunk(new ChatChunkChoice
                    {
                        Index = output.Index,
                        Delta = new ChatDelta(),
                        FinishReason = GenerationRun.FinishReasonName(reason),
                        StopReason = StopReason.From(output),
                    }));
                }
            }

            if (request.Stream.IncludeUsage)
            {
                await SendAsync(Chunk() with { Usage = usage.Current });
            }
        }
        catch (Exception e) when (context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            await events.WriteAsync(ApiException.From(e).Body, OpenAIJson.Context.ErrorResponse);
        }

        await events.WriteDoneAsync();
    }

    /// <summary>One answer while it is collected.</summary>
    private sealed class Answer(string echo)
    {
        public StringBuilder Text { get; } = new(echo);

        public List<int> TokenIds { get; } = [];

        public List<DecodedLogprobs> Logprobs { get; } = [];

        public RequestOutput? Last { get; private set; }

        public void Add(RequestOutput output)
        {
            Text.Append(output.TextDelta);
            TokenIds.AddRange(output.NewTokenIds);
            Logprobs.AddRange(output.NewLogprobs ?? []);
            Last = output;
        }
    }
}
