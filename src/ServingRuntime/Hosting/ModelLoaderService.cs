using System.Diagnostics.Metrics;
using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.Embeddings;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Metrics;
using Octavo.ServingRuntime.Engine.StructuredOutput;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.ServingRuntime.Engine.Tokenization.Jinja;
using Octavo.ServingRuntime.OpenAI;

namespace Octavo.ServingRuntime.Hosting;

/// <summary>Makes an engine; tests put their own in.</summary>
internal delegate IEngineCore EngineCoreSource(EngineOptions options, TimeProvider timeProvider, ILogger logger);

/// <summary>Loads the model while HTTP already answers. A failure ends the process.</summary>
internal sealed partial class ModelLoaderService(
    ModelHost host,
    ServingOptions options,
    EngineOptions engineOptions,
    EngineCoreSource createCore,
    IMeterFactory meterFactory,
    WarmUp warmUp,
    TimeProvider timeProvider,
    IHostApplicationLifetime lifetime,
    ILoggerFactory loggerFactory,
    ILogger<ModelLoaderService> logger) : IHostedService
{
    private Task loading = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // A thread of its own: loading computes and reads for as long as the model is large.
        loading = Task.Factory.StartNew(Load, cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // A load that is not over soon is left to end with the process.
        await loading.WaitAsync(TimeSpan.FromSeconds(2), timeProvider, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (host.Loaded is { } model)
        {
            model.Grammars.Dispose();
            await model.Llm.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10), timeProvider, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Load()
    {
        var start = timeProvider.GetTimestamp();
        IEngineCore? core = null;
        GrammarCompiler? grammars = null;
        try
        {
            // The tokenizer is read while the engine maps its weights.
            var tokenizer = options.SkipTokenizerInit ? null
                : Task.Run(() => ModelTokenizer.Load(options.Model, new TemplateLimits(), timeProvider, options.ChatTemplate), lifetime.ApplicationStopping);
            core = createCore(engineOptions, timeProvider, loggerFactory.CreateLogger("Octavo.ServingRuntime.Engine"));
            var model = tokenizer?.GetAwaiter().GetResult() ?? ModelTokenizer.LoadWithoutTokenizer(options.Model, core.VocabSize);
            var pooling = PoolingConfig.Read(options.Pooling, options.Model);
            var input = new InputProcessor(model, core.MaxModelLen, core.VocabSize);
            grammars = new GrammarCompiler(model.Tokenizer, core.VocabSize, new GrammarCompilerOptions(), timeProvider);
            TimeSpan? warmUpTime = options.WarmUp ? warmUp.RunAsync(core, input, grammars, lifetime.ApplicationStopping).GetAwaiter().GetResult() : null;
            var metrics = new EngineMetrics(meterFactory, options.ModelName, core.MaxModelLen);
            if (warmUpTime is { } time)
            {
                metrics.WarmedUp(time);
            }

            metrics.DescribeCache(core.BlockSize, core.NumBlocks, core.KVCacheDType, engineOptions.EnablePrefixCaching);
            var llmOptions = new AsyncLlmOptions
            {
                MaxQueuedRequests = options.MaxQueuedRequests,
                MaxQueuedTokens = options.MaxQueuedTokens,
                MaxNumSeqs = engineOptions.MaxNumSeqs,
                StallTimeout = options.StallTimeout,
            };
            var llm = new AsyncLlm(core, model.Tokenizer, llmOptions, metrics, timeProvider, loggerFactory.CreateLogger<AsyncLlm>());
            _ = StopWhenFailedAsync(llm);
            host.SetLoaded(new LoadedModel(llm, input, ModelTraits.Detect(model, options), grammars) { Pooling = pooling });

            // Not earlier: the first answers shall have the processor to themselves.
            if (model.Tokenizer.HasVocabulary)
            {
                _ = WarmUpGrammarsAsync(grammars);
            }

            LogReady(options.ModelName, timeProvider.GetElapsedTime(start).TotalMilliseconds);
        }
        catch (OperationCanceledException e) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // Stopped by whoever runs it: no failure of the model's.
            core?.Dispose();
            grammars?.Dispose();
            LogStopped(e.Message);
        }
        catch (Exception e)
        {
            core?.Dispose();
            grammars?.Dispose();
            host.Failure = e;
            LogFailed(options.Model, e.Message, e is EngineStartException or TokenizerFormatException or TemplateException ? null : e);

            // Not before the server has started: stopping in between would make its start fail with a cancellation and hide the reason.
            lifetime.ApplicationStarted.Register(lifetime.StopApplication);
        }
    }

    /// <summary>A large vocabulary takes a while to read: the first client that wants a constraint shall not wait for that. Nobody else waits either.</summary>
    private async Task WarmUpGrammarsAsync(GrammarCompiler grammars)
    {
        try
        {
            await grammars.WarmUpAsync(lifetime.ApplicationStopping);
        }
        catch (OperationCanceledException e) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            LogStopped(e.Message);
        }
        catch (Exception e)
        {
            LogGrammarsFailed(e);
        }
    }

    /// <summary>A failed engine answers nothing any more: what was in flight gets its errors, and the process ends so that it is replaced.</summary>
    private async Task StopWhenFailedAsync(AsyncLlm llm)
    {
        host.Failure = await llm.Failed;
        lifetime.StopApplication();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Model {ModelName} is ready after {Milliseconds:F0} ms")]
    private partial void LogReady(string modelName, double milliseconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A first constraint could not be compiled")]
    private partial void LogGrammarsFailed(Exception exception);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Stopped while the model was loaded or warmed up: {Reason}")]
    private partial void LogStopped(string reason);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The model in {Folder} cannot be loaded: {Reason}")]
    private partial void LogFailed(string folder, string reason, Exception? exception);
}
