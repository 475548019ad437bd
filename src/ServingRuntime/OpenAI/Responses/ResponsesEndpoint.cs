using Octavo.ServingContract;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Hosting;
using Octavo.ServingRuntime.OpenAI.Answers;

namespace Octavo.ServingRuntime.OpenAI.Responses;

/// <summary>POST /v1/responses, streamed as typed events and not.</summary>
internal sealed class ResponsesEndpoint(ModelHost host, RequestMapper mapper, TimeProvider timeProvider)
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapPost(ServingPaths.Responses, HandleAsync);

    private async Task HandleAsync(HttpContext context)
    {
        var model = GenerationRun.RequireLoaded(host);
        ResponsesRequest request;
        using (var body = await RequestBody.ReadAsync(context))
        {
            request = await new ResponsesMapper(mapper).MapAsync(body.RootElement, model, context.RequestAborted);
        }

        RequestScope.Of(context).WholeAnswer = !request.Chat.Stream.Enabled;
        var outputs = GenerationRun.RunAsync(model.Llm, [request.Chat.Generation], RequestScope.Of(context), context.RequestAborted);
        var response = request.Begin(timeProvider.GetUtcNow().ToUnixTimeSeconds());
        var items = new ResponseItems(new AnswerReader(request.Chat.Format), request.Chat.Logprobs.AsTokenIds);
        var usage = new UsageCounter(request.Chat.Generation.PromptTokenIds.Count) { ReasoningTokens = () => items.ReasoningTokens };
        if (request.Chat.Stream.Enabled)
        {
            await StreamAsync(context, response, items, usage, outputs);
            return;
        }

        FinishReason? reason = null;
        await foreach (var (prompt, output) in outputs)
        {
            usage.Add(prompt, output);
            items.Add(output);
            reason = output.FinishReason;
        }

        await context.Response.WriteJsonAsync(End(response, items, usage, reason), OpenAIJson.Context.ResponseObject);
    }

    private async Task StreamAsync(
        HttpContext context, ResponseObject response, ResponseItems items, UsageCounter usage, IAsyncEnumerable<(int Prompt, RequestOutput Output)> outputs)
    {
        var writer = new ServerSentEventWriter(context.Response);
        var number = 0;
        Task SendAsync(ResponseEvent news) => writer.WriteAsync(news with { SequenceNumber = number++ }, OpenAIJson.Context.ResponseEvent, news.Type);
        try
        {
            FinishReason? reason = null;
            await foreach (var (prompt, output) in writer.Gather(outputs, context.RequestAborted))
            {
                usage.Add(prompt, output);
                if (number == 0)
                {
                    // Only now is it certain that the answer is no error with a status of its own.
                    await SendAsync(new ResponseEvent { Type = "response.created", Response = response });
                    await SendAsync(new ResponseEvent { Type = "response.in_progress", Response = response });
                }

                foreach (var news in items.Add(output))
                {
                    await SendAsync(news);
                }

                reason = output.FinishReason;
            }

            var end = End(response, items, usage, reason);
            await SendAsync(new ResponseEvent { Type = $"response.{end.Status}", Response = end });
        }
        catch (Exception e) when (context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            var error = ApiException.From(e).Body.Error;
            var code = error.Code ?? "server_error";
            await SendAsync(new ResponseEvent { Type = "error", Code = code, Message = error.Message });
            await SendAsync(new ResponseEvent
            {
                Type = "response.failed", Response = response with { Status = "failed", Error = new ResponseError(code, error.Message), Output = items.Done },
            });
        }

        await writer.CompleteAsync();
    }

    private ResponseObject End(ResponseObject response, ResponseItems items, UsageCounter usage, FinishReason? reason)
    {
        var cut = reason == FinishReason.Length;
        var counted = usage.Current;
        return response with
        {
            Status = cut ? "incomplete" : "completed",
            CompletedAt = cut ? null : timeProvider.GetUtcNow().ToUnixTimeSeconds(),
            IncompleteDetails = cut ? new ResponseIncompleteDetails("max_output_tokens") : null,
            Output = items.Done,
            Usage = new ResponseUsage(
                counted.PromptTokens, new ResponseInputDetails(counted.PromptTokensDetails.CachedTokens), counted.CompletionTokens,
                new ResponseOutputDetails(counted.CompletionTokensDetails.ReasoningTokens), counted.TotalTokens),
        };
    }
}
