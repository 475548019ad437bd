using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.EngineBench;

/// <summary>An engine, driven on the caller's thread. Request names never repeat, so an engine can serve many runs.</summary>
internal sealed class EngineHarness : IDisposable
{
    private static readonly IReadOnlyList<int> NoStops = [];
    private readonly List<EngineCoreOutput> outputs = new(1024);
    private int added;

    /// <param name="backend">Null: the one that the server uses. Owned.</param>
    public EngineHarness(EngineOptions options, double warmUpSeconds, IKernelBackend? backend = null)
    {
        Engine = backend is null ? EngineCoreFactory.Create(options, Time, NullLogger.Instance) : EngineCoreFactory.Create(options, backend, Time, NullLogger.Instance);
        // The just-in-time compiler takes some seconds to settle.
        var begin = Time.GetTimestamp();
        var random = new Random(7);
        while (Time.GetElapsedTime(begin).TotalSeconds < warmUpSeconds)
        {
            for (var i = 0; i < 4; i++)
            {
                Add(Prompt(40, random), new SamplingParams { Temperature = 0, MaxTokens = 40, IgnoreEos = true });
            }

            Drain();
        }
    }

    public TimeProvider Time => TimeProvider.System;

    public IEngineCore Engine { get; }

    /// <returns>The request's name.</returns>
    public string Add(IReadOnlyList<int> prompt, SamplingParams sampling)
    {
        var id = $"r{added++}";
        Engine.AddRequest(new EngineCoreRequest { RequestId = id, PromptTokenIds = prompt, SamplingParams = sampling, EosTokenIds = NoStops });
        return id;
    }

    public string Add(IReadOnlyList<int> prompt, int outputTokens) => Add(prompt, new SamplingParams { Temperature = 0, MaxTokens = outputTokens, IgnoreEos = true });

    /// <summary>One step; its outputs are valid until the next. A request that the engine refuses is a mistake of the experiment.</summary>
    public List<EngineCoreOutput> Step()
    {
        Engine.Step(outputs);
        foreach (var output in outputs)
        {
            if (output.FinishReason == FinishReason.Error)
            {
                throw new InvalidOperationException($"{output.RequestId}: {output.ErrorMessage}");
            }
        }

        return outputs;
    }

    /// <returns>Tokens that came.</returns>
    public int Drain()
    {
        var tokens = 0;
        while (Engine.HasUnfinishedRequests)
        {
            tokens += Step().Count;
        }

        return tokens;
    }

    /// <summary>Random tokens, so that no two prompts share a prefix.</summary>
    public int[] Prompt(int length, Random random)
    {
        var prompt = new int[length];
        for (var i = 0; i < length; i++)
        {
            prompt[i] = random.Next(3, Engine.VocabSize);
        }

        return prompt;
    }

    public void Dispose() => Engine.Dispose();
}
