using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.KVCache;
using Octavo.ServingRuntime.Engine.Speculation;
using Octavo.ServingRuntime.Engine.StructuredOutput;
using Octavo.ServingRuntime.Kernels;
using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests;

/// <summary>A real engine over the tiny model, and what its requests produced.</summary>
internal sealed class EngineHarness : IDisposable
{
    private readonly List<EngineCoreOutput> outputs = [];

    public EngineHarness(
        EngineOptions? options = null, IKernelBackend? backend = null, TimeProvider? time = null, IBlockTier? tier = null, IDraftProposer? proposer = null)
    {
        Options = options ?? Defaults;
        Core = EngineCoreFactory.Create(
            Options, backend ?? new CpuBackend(Options.CpuThreads ?? 1), time ?? TimeProvider.System, NullLogger.Instance, tier, proposer);
    }

    public static EngineOptions Defaults => new() { Device = "cpu", ModelPath = Repository.TinyModel, NumBlocksOverride = 1024, MaxNumSeqs = 64, CpuThreads = 1 };

    public EngineOptions Options { get; }

    public EngineCore Core { get; }

    public Dictionary<string, GeneratedTokens> Results { get; } = new(StringComparer.Ordinal);

    public static SamplingParams Greedy(int maxTokens, int? logprobs = null) =>
        new() { Temperature = 0, MaxTokens = maxTokens, IgnoreEos = true, Logprobs = logprobs };

    public void Add(
        string id, IReadOnlyList<int> prompt, SamplingParams parameters, int priority = 0, string? salt = null, ITokenConstraintSource? constraint = null, string? forkOf = null) =>
        Add(new EngineCoreRequest
        {
            RequestId = id, PromptTokenIds = prompt, SamplingParams = parameters, EosTokenIds = [2], Priority = priority, CacheSalt = salt, Constraint = constraint, ForkOf = forkOf,
        });

    public void Add(EngineCoreRequest request)
    {
        Results[request.RequestId] = new GeneratedTokens();
        Core.AddRequest(request);
    }

    /// <summary>One step; afterwards every block is accounted for.</summary>
    public void Step()
    {
        Core.Step(outputs);
        foreach (var output in outputs)
        {
            Results[output.RequestId].Take(output);
        }

        Core.CheckIntegrity();
    }

    public void RunToEnd()
    {
        while (Core.HasUnfinishedRequests)
        {
            Step();
        }
    }

    public GeneratedTokens Run(IReadOnlyList<int> prompt, SamplingParams parameters, string? salt = null, ITokenConstraintSource? constraint = null)
    {
        var id = $"run-{Results.Count}";
        Add(id, prompt, parameters, salt: salt, constraint: constraint);
        RunToEnd();
        return Results[id];
    }

    public void Dispose() => Core.Dispose();
}

/// <summary>All that came out for one request.</summary>
internal sealed class GeneratedTokens
{
    public List<int> Tokens { get; } = [];

    public List<TokenLogprobs> Logprobs { get; } = [];

    public EngineCoreOutput Last { get; private set; }

    public IReadOnlyList<TokenLogprobs?>? PromptLogprobs { get; private set; }

    public FinishReason? FinishReason => Last.FinishReason;

    /// <summary>Exact bits, so that equality means equality.</summary>
    public IEnumerable<(int Token, int Bits, string Top)> Exact => Bits(Logprobs);

    public IEnumerable<(int Token, int Bits, string Top)> ExactPrompt => Bits((PromptLogprobs ?? []).Skip(1)!);

    private static IEnumerable<(int Token, int Bits, string Top)> Bits(IEnumerable<TokenLogprobs> logprobs) => logprobs.Select(logprob => (
        logprob.TokenId, BitConverter.SingleToInt32Bits(logprob.Logprob),
        string.Join(' ', logprob.Top.Select(top => $"{top.TokenId}:{BitConverter.SingleToInt32Bits(top.Logprob):x8}"))));

    public void Take(EngineCoreOutput output)
    {
        if (output.NewTokenId is { } token)
        {
            Tokens.Add(token);
        }

        if (output.NewLogprobs is { } logprobs)
        {
            Logprobs.Add(logprobs);
        }

        if (output.PromptLogprobs is { } prompt)
        {
            PromptLogprobs.Should().BeNull("they come once");
            Tokens.Should().HaveCount(1, "with the first token");
            PromptLogprobs = prompt;
        }

        Last = output;
    }
}
