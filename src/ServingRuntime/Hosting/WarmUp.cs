using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Metrics;
using Octavo.ServingRuntime.Engine.StructuredOutput;
using Octavo.ServingRuntime.OpenAI;
using Octavo.ServingRuntime.Security;

namespace Octavo.ServingRuntime.Hosting;

/// <summary>
/// Runs requests of the server's own through the real endpoints before the server says that it is ready, so that no client waits while code is compiled and
/// buffers grow: body, template, tokens, prefill, decode, sampling, text, events. They go through a front of their own over the same core, so that neither
/// metrics nor log nor prefix cache know of them.
/// </summary>
internal sealed partial class WarmUp(
    IServiceProvider services, ServingOptions options, EngineOptions engineOptions, TenantSalt salts, TimeProvider timeProvider, ILogger<WarmUp> logger)
{
    /// <summary>What a large model does not get done in this time its first clients do.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    // A few tokens each: that compiles everything, and with a large model every further step would be paid for by who waits for the start. All run at once, which
    // takes as many steps as the longest alone; that one goes on when the others have ended, since a single row is computed by other kernels than several.
    private static readonly string[] Chats =
    [
        """{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello! What is 1 + 1?"}], "stream": true, "stream_options": {"include_usage": true}, "max_tokens": 2, "temperature": 0.8, "top_p": 0.9, "seed": 1, "ignore_eos": true}""",
        """{"messages": [{"role": "user", "content": "Hello!"}], "max_tokens": 2, "temperature": 0}""",
    ];

    private static readonly string[] Completions =
    [
        """{"prompt": "Hello! What is 1 + 1?", "stream": true, "max_tokens": 4, "temperature": 0.8, "ignore_eos": true}""",
        """{"prompt": "Hello!", "max_tokens": 2, "temperature": 0}""",
    ];

    private static readonly string[] IdCompletions =
    [
        """{"prompt": [1, 2, 3, 4, 5, 6, 7, 8], "stream": true, "max_tokens": 4, "temperature": 0.8, "ignore_eos": true, "return_token_ids": true}""",
        """{"prompt": [1, 2, 3], "max_tokens": 2, "temperature": 0, "return_token_ids": true}""",
    ];

    /// <summary>How long it took.</summary>
    /// <exception cref="EngineStartException">The engine failed on it: it would fail on every request.</exception>
    public async Task<TimeSpan> RunAsync(IEngineCore core, InputProcessor input, GrammarCompiler grammars, CancellationToken cancellationToken)
    {
        var start = timeProvider.GetTimestamp();
        using var limit = new CancellationTokenSource(Limit, timeProvider);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using var meters = new UnheardMeters();
        var llm = new AsyncLlm(
            core, input.Tokenizer, new AsyncLlmOptions { MaxNumSeqs = engineOptions.MaxNumSeqs, OwnsCore = false },
            new EngineMetrics(meters, options.ModelName, core.MaxModelLen), timeProvider, NullLogger.Instance);
        var failed = llm.Failed;
        try
        {
            var host = new ModelHost(options, timeProvider);
            host.SetLoaded(new LoadedModel(llm, input, ModelTraits.Detect(input.Model, options), grammars));
            var chat = ActivatorUtilities.CreateInstance<ChatCompletionsEndpoint>(services, host);
            var completions = ActivatorUtilities.CreateInstance<CompletionsEndpoint>(services, host);
            IEnumerable<(RequestDelegate Endpoint, string Body)> requests =
            [
                .. input.Model.ChatTemplate is null ? [] : Chats.Select(body => ((RequestDelegate)chat.HandleAsync, body)),
                .. (input.Tokenizer.HasVocabulary ? Completions : IdCompletions).Select(body => ((RequestDelegate)completions.HandleAsync, body)),
            ];

            // Each from a thread of its own, so that they are compiled side by side, too.
            await Task.WhenAll(requests.Select(request => Task.Run(() => RunAsync(request.Endpoint, request.Body, stop.Token), CancellationToken.None)));
        }
        finally
        {
            await llm.DisposeAsync();
        }

        if (failed.IsCompleted)
        {
            var cause = await failed;
            throw new EngineStartException($"the engine failed on a first request: {cause.Message}", cause);
        }

        // No thread touches the core now.
        core.ResetPrefixCache();
        var time = timeProvider.GetElapsedTime(start);
        LogDone(time.TotalMilliseconds);
        return time;
    }

    private async Task RunAsync(RequestDelegate endpoint, string body, CancellationToken cancellationToken)
    {
        var context = new DefaultHttpContext { RequestServices = services, RequestAborted = cancellationToken };
        context.Request.Method = HttpMethods.Post;
        context.Request.ContentType = "application/json";
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        context.Features.Set(new RequestScope(salts));
        try
        {
            await endpoint(context);
        }
        catch (Exception e)
        {
            // A model that cannot answer this (a context of a few tokens, a template that wants more) may still serve its clients.
            LogSkipped(e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Warmed up in {Milliseconds:F0} ms")]
    private partial void LogDone(double milliseconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "A part of the warm-up was left out: {Reason}")]
    private partial void LogSkipped(string reason);

    /// <summary>Its meters have a scope that no collector listens to.</summary>
    private sealed class UnheardMeters : IMeterFactory
    {
        private readonly List<Meter> meters = [];

        public Meter Create(MeterOptions options)
        {
            options.Scope = this;
            var meter = new Meter(options);
            meters.Add(meter);
            return meter;
        }

        public void Dispose() => meters.ForEach(m => m.Dispose());
    }
}
