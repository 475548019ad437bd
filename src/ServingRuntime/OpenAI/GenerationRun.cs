using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Hosting;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>Runs the generations of one API request and gives their outputs as they come.</summary>
internal static class GenerationRun
{
    /// <exception cref="ApiException">503 while the model loads.</exception>
    public static LoadedModel RequireLoaded(ModelHost host)
        => host.Loaded ?? throw new ApiException(503, "the model is loading", code: "model_loading", retryAfter: TimeSpan.FromSeconds(2));

    /// <returns>Outputs with the number of the prompt that they answer. The first failure ends all.</returns>
    public static async IAsyncEnumerable<(int Prompt, RequestOutput Output)> RunAsync(
        AsyncLlm llm, IReadOnlyList<GenerationRequest> generations, RequestScope scope, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (generations.Count == 1)
        {
            await foreach (var output in llm.GenerateAsync(scope.Apply(generations[0]), cancellationToken))
            {
                yield return (0, Checked(output, scope));
            }

            yield break;
        }

        var merged = Channel.CreateUnbounded<(int, RequestOutput)>(new UnboundedChannelOptions { SingleReader = true });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var all = Task.WhenAll(generations.Select((generation, prompt) => PumpAsync(llm, scope.Apply(generation), prompt, merged.Writer, stop)));
        _ = all.ContinueWith(done => merged.Writer.TryComplete(done.Exception?.InnerException), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            while (await merged.Reader.WaitToReadAsync(cancellationToken))
            {
                while (merged.Reader.TryRead(out var item))
                {
                    yield return (item.Item1, Checked(item.Item2, scope));
                }
            }
        }
        finally
        {
            await stop.CancelAsync();
            await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public static string FinishReasonName(FinishReason reason) => reason == FinishReason.Length ? "length" : "stop";

    private static async Task PumpAsync(AsyncLlm llm, GenerationRequest generation, int prompt, ChannelWriter<(int, RequestOutput)> writer, CancellationTokenSource stop)
    {
        try
        {
            await foreach (var output in llm.GenerateAsync(generation, stop.Token))
            {
                writer.TryWrite((prompt, output));
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            writer.TryComplete(e);
            await stop.CancelAsync();
            throw;
        }
    }

    private static RequestOutput Checked(RequestOutput output, RequestScope scope)
    {
        scope.Note(output);
        return Checked(output);
    }

    private static RequestOutput Checked(RequestOutput output) => output.FinishReason switch
    {
        FinishReason.Error => throw new ApiException(500, "the engine failed on this request", code: "engine_error"),
        FinishReason.Abort => throw new ApiException(503, "the server shut down before the answer was complete", code: "shutting_down", retryAfter: TimeSpan.FromSeconds(1)),
        _ => output,
    };
}
