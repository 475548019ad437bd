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
            request = await mapper.MapChatAsync(body.RootElement, model, context.RequestAborted);
        }

        RequestScope.Of(context).WholeAnswer = !request.Stream.Enabled;
        var outputs = GenerationRun.RunAsync(model.Llm, [request.Generation], RequestScope.Of(context), context.RequestAborted);
        var created = timeProvider.GetUtcNow().ToUnixTimeSeconds();
        await (request.Stream.Enabled ? new ChatStream(context, request, created).WriteAsync(outputs) : CompleteAsync(context, request, outputs, created));
    }

    private static async Task CompleteAsync(HttpContext context, ChatCompletionRequest request, IAsyncEnumerable<(int Prompt, RequestOutput Output)> outputs, long created)
    {
        var answers = Enumerable.Range(0, request.Generation.N).Select(_ => new ChatAnswer(request)).ToArray();
        var usage = new UsageCounter(request.Generation.PromptTokenIds.Count) { ReasoningTokens = () => answers.Sum(a => a.ReasoningTokens) };
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
                Choices = [.. answers.Select((answer, index) => answer.ToChoice(index))],
                Usage = usage.Current,
                Metrics = RequestScope.Of(context).Metrics,
                PromptLogprobs = request.Logprobs.ReturnPrompt ? PromptLogprobs.From(answers[0].PromptLogprobs) : null,
                PromptTokenIds = request.ReturnTokenIds ? request.Generation.PromptTokenIds : null,
            },
            OpenAIJson.Context.ChatCompletionResponse);
    }
}
