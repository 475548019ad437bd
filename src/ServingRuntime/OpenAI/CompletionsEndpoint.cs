using System.Text;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Hosting;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>POST /v1/completions, streamed and not. Choices are numbered prompt by prompt.</summary>
internal sealed class CompletionsEndpoint(ModelHost host, RequestMapper mapper, TimeProvider timeProvider)
{
    public async Task HandleAsync(HttpContext context)
    {
        var model = GenerationRun.RequireLoaded(host);
        CompletionRequest request;
        using (var body = await RequestBody.ReadAsync(context))
        {
            request = mapper.MapCompletion(body.RootElement, model);
        }

        var outputs = GenerationRun.RunAsync(model.Llm, request.Generations, RequestScope.Of(context), context.RequestAborted);
        var created = timeProvider.GetUtcNow().ToUnixTimeSeconds();
        await (request.Stream.Enabled ? StreamAsync(context, request, outputs, created) : CompleteAsync(context, request, outputs, created));
    }

    private static UsageCounter Usage(CompletionRequest request) => new(request.Generations.Sum(g => g.PromptTokenIds.Count));

    private static int ChoiceIndex(CompletionRequest request, int prompt, RequestOutput output) => (prompt * request.Generations[prompt].N) + output.Index;

    private static Answer[] Answers(CompletionRequest request)
        => [.. request.Generations.SelectMany((g, prompt) => Enumerable.Range(0, g.N).Select(_ => new Answer(prompt, request.Echo?[prompt] ?? "")))];

    private static CompletionResponse Response(CompletionRequest request, long created, IReadOnlyList<CompletionChoice> choices, Usage? usage)
        => new() { Id = request.Id, Created = created, Model = request.Model, Choices = choices, Usage = usage };

    private static async Task CompleteAsync(HttpContext context, CompletionRequest request, IAsyncEnumerable<(int Prompt, RequestOutput Output)> outputs, long created)
    {
        var usage = Usage(request);
        var answers = Answers(request);
        await foreach (var (prompt, output) in outputs)
        {
            usage.Add(prompt, output);
            answers[ChoiceIndex(request, prompt, output)].Add(output);
        }

        var choices = answers.Select((answer, index) => new CompletionChoice
        {
            Index = index,
            Text = answer.Text.ToString(),
            Logprobs = request.Generations[answer.Prompt].SamplingParams.Logprobs is null ? null : answer.TakeLogprobs(answer.Logprobs),
            FinishReason = GenerationRun.FinishReasonName(answer.Last!.FinishReason!.Value),
            StopReason = StopReason.From(answer.Last),
            TokenIds = request.ReturnTokenIds ? answer.TokenIds : null,
            PromptTokenIds = request.ReturnTokenIds ? request.Generations[answer.Prompt].PromptTokenIds : null,
        }).ToList();
        await context.Response.WriteJsonAsync(Response(request, created, choices, usage.Current), OpenAIJson.Context.CompletionResponse);
    }

    private static async Task StreamAsync(HttpContext context, CompletionRequest request, IAsyncEnumerable<(int Prompt, RequestOutput Output)> outputs, long created)
    {
        var events = new ServerSentEventWriter(context.Response);
        var usage = Usage(request);
        var answers = Answers(request);
        Task SendAsync(CompletionChoice? choice, Usage? total) => events.WriteAsync(
            Response(request, created, choice is null ? [] : [choice], total ?? (request.Stream.ContinuousUsage ? usage.Current : null)),
            OpenAIJson.Context.CompletionResponse);
        try
        {
            await foreach (var (prompt, output) in outputs)
            {
                usage.Add(prompt, output);
                var index = ChoiceIndex(request, prompt, output);
                var answer = answers[index];
                var head = answer.Last is null ? answer.Echo : "";
                answer.Add(output);
                var hasNews = head.Length + output.TextDelta.Length > 0 || output.FinishReason is not null
                    || (output.NewTokenIds.Count > 0 && (output.NewLogprobs is not null || request.ReturnTokenIds));
                if (!hasNews)
                {
                    continue;
                }

                await SendAsync(
                    new CompletionChoice
                    {
                        Index = index,
                        Text = head + output.TextDelta,
                        Logprobs = output.NewLogprobs is { } logprobs ? answer.TakeLogprobs(logprobs) : null,
                        FinishReason = output.FinishReason is { } reason ? GenerationRun.FinishReasonName(reason) : null,
                        StopReason = StopReason.From(output),
                        TokenIds = request.ReturnTokenIds ? output.NewTokenIds : null,
                        PromptTokenIds = request.ReturnTokenIds && answer.TokenIds.Count == output.NewTokenIds.Count ? request.Generations[prompt].PromptTokenIds : null,
                    },
                    null);
            }

            if (request.Stream.IncludeUsage)
            {
                await SendAsync(null, usage.Current);
            }
        }
        catch (Exception e) when (context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            await events.WriteAsync(ApiException.From(e).Body, OpenAIJson.Context.ErrorResponse);
        }

        await events.WriteDoneAsync();
    }

    /// <summary>One answer while it is collected.</summary>
    private sealed class Answer(int prompt, string echo)
    {
        private int textOffset = echo.Length;

        public int Prompt => prompt;

        public string Echo => echo;

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

        public CompletionLogprobs TakeLogprobs(IReadOnlyList<DecodedLogprobs> logprobs) => CompletionLogprobs.From(logprobs, ref textOffset);
    }
}
