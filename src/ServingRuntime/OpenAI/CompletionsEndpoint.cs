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
            request = await mapper.MapCompletionAsync(body.RootElement, model, context.RequestAborted);
        }

        RequestScope.Of(context).WholeAnswer = !request.Stream.Enabled;
        var outputs = GenerationRun.RunAsync(model.Llm, request.Generations, RequestScope.Of(context), context.RequestAborted);
        var created = timeProvider.GetUtcNow().ToUnixTimeSeconds();
        await (request.Stream.Enabled ? StreamAsync(context, request, outputs, created) : CompleteAsync(context, request, outputs, created));
    }

    private static UsageCounter Usage(CompletionRequest request)
        => new(request.Generations.Sum(g => g.PromptTokenIds.Count)) { CountsCompletion = !request.PromptOnly };

    private static int ChoiceIndex(CompletionRequest request, int prompt, RequestOutput output) => (prompt * request.Generations[prompt].N) + output.Index;

    private static CompletionAnswer[] Answers(CompletionRequest request)
        => [.. request.Generations.SelectMany((g, prompt) => Enumerable.Range(0, g.N).Select(i => new CompletionAnswer(request, (prompt * g.N) + i, prompt)))];

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

        await context.Response.WriteJsonAsync(
            Response(request, created, [.. answers.Select(a => a.ToChoice())], usage.Current) with { Metrics = RequestScope.Of(context).Metrics }, OpenAIJson.Context.CompletionResponse);
    }

    private static async Task StreamAsync(HttpContext context, CompletionRequest request, IAsyncEnumerable<(int Prompt, RequestOutput Output)> outputs, long created)
    {
        var events = new ServerSentEventWriter(context.Response);
        var usage = Usage(request);
        var answers = Answers(request);
        Task SendAsync(CompletionChoice? choice, Usage? total) => events.WriteAsync(
            Response(request, created, choice is null ? [] : [choice], total ?? (request.Stream.ContinuousUsage ? usage.Current : null))
                with { Metrics = choice is null ? RequestScope.Of(context).Metrics : null },
            OpenAIJson.Context.CompletionResponse);
        try
        {
            await foreach (var (prompt, output) in events.Gather(outputs, context.RequestAborted))
            {
                usage.Add(prompt, output);
                if (answers[ChoiceIndex(request, prompt, output)].Add(output) is { } news)
                {
                    await SendAsync(news, null);
                }
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
}
