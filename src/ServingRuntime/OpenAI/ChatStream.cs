using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.OpenAI.Answers;
using Octavo.ServingRuntime.OpenAI.ToolCalls;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>
/// The events of one streamed chat request: a first chunk with the role for each choice, the pieces of its answer, a chunk with its finish reason; at the end the
/// usage, where asked for, and [DONE].
/// </summary>
internal sealed class ChatStream
{
    private readonly HttpContext context;
    private readonly ChatCompletionRequest request;
    private readonly long created;
    private readonly ServerSentEventWriter events;
    private readonly AnswerReader[] readers;
    private readonly UsageCounter usage;

    public ChatStream(HttpContext context, ChatCompletionRequest request, long created)
    {
        this.context = context;
        this.request = request;
        this.created = created;
        events = new ServerSentEventWriter(context.Response);
        readers = [.. Enumerable.Range(0, request.Generation.N).Select(_ => new AnswerReader(request.Format))];
        usage = new UsageCounter(request.Generation.PromptTokenIds.Count) { ReasoningTokens = () => readers.Sum(r => r.ReasoningTokens) };
    }

    public async Task WriteAsync(IAsyncEnumerable<(int Prompt, RequestOutput Output)> outputs)
    {
        try
        {
            var begun = false;
            await foreach (var (prompt, output) in events.Gather(outputs, context.RequestAborted))
            {
                usage.Add(prompt, output);
                if (!begun)
                {
                    // Only now is it certain that the answer is no error with a status of its own.
                    begun = true;
                    await BeginAsync();
                }

                await WriteAsync(output);
            }

            if (request.Stream.IncludeUsage)
            {
                await SendAsync(Chunk() with { Usage = usage.Current, Metrics = RequestScope.Of(context).Metrics });
            }
        }
        catch (Exception e) when (context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            await events.WriteAsync(ApiException.From(e).Body, OpenAIJson.Context.ErrorResponse);
        }

        await events.WriteDoneAsync();
    }

    private async Task BeginAsync()
    {
        for (var i = 0; i < readers.Length; i++)
        {
            var first = Chunk(new ChatChunkChoice { Index = i, Delta = new ChatDelta { Role = request.ResponseRole, Content = request.Echo } });
            await SendAsync(i == 0 && request.ReturnTokenIds ? first with { PromptTokenIds = request.Generation.PromptTokenIds } : first);
        }
    }

    /// <summary>The tokens' log-probabilities and ids go with the first piece that they make; tokens that make none yet get a chunk only for those.</summary>
    private async Task WriteAsync(RequestOutput output)
    {
        var reader = readers[output.Index];
        var parts = reader.Read(output);
        var logprobs = ChatLogprobs.From(output.NewLogprobs, request.Logprobs.AsTokenIds);
        var tokenIds = request.ReturnTokenIds ? output.NewTokenIds : null;
        if (parts.Count == 0 && output.NewTokenIds.Count > 0 && (logprobs is not null || tokenIds is not null))
        {
            await SendAsync(Chunk(new ChatChunkChoice { Index = output.Index, Delta = new ChatDelta { Content = "" }, Logprobs = logprobs, TokenIds = tokenIds }));
        }

        for (var i = 0; i < parts.Count; i++)
        {
            await SendAsync(Chunk(new ChatChunkChoice
            {
                Index = output.Index,
                Delta = Delta(parts[i]),
                Logprobs = i == 0 ? logprobs : null,
                TokenIds = i == 0 ? tokenIds : null,
            }));
        }

        if (output.FinishReason is { } reason)
        {
            await SendAsync(Chunk(new ChatChunkChoice
            {
                Index = output.Index, Delta = new ChatDelta(), FinishReason = reader.FinishReasonName(reason), StopReason = StopReason.From(output),
            }));
        }
    }

    private static ChatDelta Delta(AnswerPart part) => part.Kind switch
    {
        AnswerPartKind.Reasoning => new ChatDelta { ReasoningContent = part.Text, Reasoning = part.Text },
        AnswerPartKind.ToolCall => new ChatDelta
        {
            ToolCalls = [new ChatToolCallDelta { Index = part.Call, Id = ToolCallId.New(), Type = "function", Function = new ChatFunctionCall(part.Text, "") }],
        },
        AnswerPartKind.Arguments => new ChatDelta { ToolCalls = [new ChatToolCallDelta { Index = part.Call, Function = new ChatFunctionCall(null, part.Text) }] },
        _ => new ChatDelta { Content = part.Text },
    };

    private ChatCompletionChunk Chunk(params IReadOnlyList<ChatChunkChoice> choices) => new()
    {
        Id = request.Id, Created = created, Model = request.Model, Choices = choices, Usage = request.Stream.ContinuousUsage ? usage.Current : null,
    };

    private Task SendAsync(ChatCompletionChunk chunk) => events.WriteAsync(chunk, OpenAIJson.Context.ChatCompletionChunk);
}
