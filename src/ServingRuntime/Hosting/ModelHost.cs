using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.Embeddings;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.StructuredOutput;
using Octavo.ServingRuntime.OpenAI;

namespace Octavo.ServingRuntime.Hosting;

/// <summary>The model as endpoints see it: absent while it loads, then ready, then draining.</summary>
internal sealed class ModelHost(ServingOptions options, TimeProvider timeProvider)
{
    private volatile LoadedModel? loaded;
    private volatile Exception? failure;

    public ServingOptions Options => options;

    /// <summary>Null until the weights are loaded.</summary>
    public LoadedModel? Loaded => loaded;

    /// <summary>Why loading failed, or what ended the engine; null while all is well. The process ends then.</summary>
    public Exception? Failure
    {
        get => failure;
        set => failure = value;
    }

    /// <summary>When the server began, in seconds since 1970: the model's time of creation in the API.</summary>
    public long StartedAt { get; } = timeProvider.GetUtcNow().ToUnixTimeSeconds();

    public bool IsReady => loaded is { Llm: { IsDraining: false, IsHealthy: true } };

    public void SetLoaded(LoadedModel model) => loaded = model;
}

/// <summary>An engine that runs and the front that makes its requests.</summary>
internal sealed record LoadedModel(AsyncLlm Llm, InputProcessor Input, ModelTraits Traits, GrammarCompiler Grammars)
{
    /// <summary>How embeddings are made.</summary>
    public PoolingConfig Pooling { get; init; } = new(PoolingType.Last, Normalize: true);
}
