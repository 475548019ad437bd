using System.Diagnostics.CodeAnalysis;
using Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;
using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;
using Octavo.ServingRuntime.Engine.StructuredOutput.Masks;
using Octavo.ServingRuntime.Engine.Tokenization;

namespace Octavo.ServingRuntime.Engine.StructuredOutput;

/// <summary>
/// Compiles constraints on threads of its own, under budgets, and keeps the compiled ones. Equal specifications are compiled once, also while it is under way.
/// A specification that failed for what it is fails again at once. Safe to use from several threads.
/// </summary>
public sealed class GrammarCompiler : IDisposable
{
    private readonly GrammarCompilerOptions options;
    private readonly TimeProvider timeProvider;
    private readonly Lazy<TokenVocabulary> vocabulary;
    private readonly CompileWorkers workers;
    private readonly Lock gate = new();
    private readonly CompilationCache cache;
    private readonly Dictionary<string, TaskCompletionSource<CompiledGrammar>> underWay = new(StringComparer.Ordinal);

    /// <param name="tokenizer">The model's tokenizer; its vocabulary is read when the first constraint is compiled, or by <see cref="WarmUpAsync"/>.</param>
    /// <param name="vocabSize">Width of the model's logits.</param>
    /// <param name="options">Budgets.</param>
    /// <param name="timeProvider">The clock of the time budget.</param>
    public GrammarCompiler(Tokenizer tokenizer, int vocabSize, GrammarCompilerOptions options, TimeProvider timeProvider)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(options);
        this.options = options;
        this.timeProvider = timeProvider;
        vocabulary = new Lazy<TokenVocabulary>(() => new TokenVocabulary(tokenizer, vocabSize));
        workers = new CompileWorkers(options.Workers, options.MaxQueued);
        cache = new CompilationCache(options.CacheBytes);
    }

    /// <summary>Constraints that are kept.</summary>
    public int CachedCount
    {
        get
        {
            lock (gate)
            {
                return cache.Count;
            }
        }
    }

    /// <summary>Reads the vocabulary now, so that the first constraint need not wait for it.</summary>
    public Task WarmUpAsync(CancellationToken cancellationToken) => CompileAsync(new GrammarSpec.JsonObject(), cancellationToken);

    /// <param name="spec">What the output must look like.</param>
    /// <param name="cancellationToken">Ends the waiting; the compilation goes on for others that wait, within its budget.</param>
    /// <exception cref="GrammarException">It is malformed, cannot be enforced, or exceeds a budget.</exception>
    public async Task<ITokenConstraintSource> CompileAsync(GrammarSpec spec, CancellationToken cancellationToken)
    {
        var key = SpecificationKey.Of(spec, options);
        TaskCompletionSource<CompiledGrammar>? pending;
        lock (gate)
        {
            if (cache.TryGet(key, out var known))
            {
                return known.Grammar ?? throw new GrammarException(known.Failure!.Message, known.Failure.Fault);
            }

            if (!underWay.TryGetValue(key, out pending))
            {
                pending = new TaskCompletionSource<CompiledGrammar>(TaskCreationOptions.RunContinuationsAsynchronously);
                var source = pending;
                if (!workers.TryPost(() => Run(key, spec, source)))
                {
                    throw new GrammarException("too many constraints are waiting to be compiled; try again later", GrammarFault.Busy);
                }

                underWay[key] = pending;
            }
        }

        return await pending.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => workers.Dispose();

    /// <summary>Compiles here and now, without a cache.</summary>
    internal CompiledGrammar Compile(GrammarSpec spec, CancellationToken cancellationToken)
    {
        SpecificationKey.Of(spec, options);
        var tokens = vocabulary.Value;
        var budget = new CompileBudget(options, timeProvider, cancellationToken);
        var rules = new GrammarRules(budget);
        var root = new SpecificationReader(rules, tokens).Read(spec);
        var automaton = AutomatonCompiler.Compile(rules, root, tokens.CanWrite);
        var grammar = new CompiledGrammar(automaton, tokens, options.MaskCacheBytes);
        var started = timeProvider.GetTimestamp();
        grammar.Masks.Prepare(() => !cancellationToken.IsCancellationRequested && timeProvider.GetElapsedTime(started) < options.Timeout / 4);
        return grammar;
    }

    [SuppressMessage("Design", "CA1031", Justification = "Every failure is handed to those who wait.")]
    private void Run(string key, GrammarSpec spec, TaskCompletionSource<CompiledGrammar> source)
    {
        CompiledGrammar? grammar = null;
        Exception? failure = null;
        try
        {
            grammar = Compile(spec, workers.Stopping);
        }
        catch (Exception e)
        {
            failure = e;
        }

        lock (gate)
        {
            underWay.Remove(key);
            if (grammar is not null)
            {
                cache.Add(key, new CompilationCache.Entry(grammar, null));
            }
            else if (failure is GrammarException { IsRepeatable: true } refused)
            {
                cache.Add(key, new CompilationCache.Entry(null, refused));
            }
        }

        _ = grammar is not null ? source.TrySetResult(grammar) : source.TrySetException(failure!);
    }
}
