using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Speculation;
using Octavo.ServingRuntime.Engine.StructuredOutput;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Core;

/// <summary>In steady decoding the engine's thread allocates nothing: no pause of the collector is of its making.</summary>
public sealed class ZeroAllocationTests
{
    public static TheoryData<string, int, int> Cases
    {
        get
        {
            var cases = new TheoryData<string, int, int>();
            foreach (var kind in (ReadOnlySpan<string>)["greedy", "top-p", "unlimited", "penalties", "restricted", "constraint"])
            {
                cases.Add(kind, 1, 1);
                cases.Add(kind, 8, 2);
            }

            cases.Add("greedy", 1, 2);
            cases.Add("greedy", 8, 1);
            cases.Add("drafts", 2, 1);
            cases.Add("draft model", 2, 1);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Step_SteadyDecoding_AllocatesNothing(string kind, int streams, int threads)
    {
        using var engine = new EngineHarness(EngineHarness.Defaults with
        {
            // Where drafts nearly always hold, a request would end meanwhile.
            DType = kind == "drafts" ? "float32" : "auto", CpuThreads = threads, Speculative = kind switch
            {
                "drafts" => new SpeculativeOptions { PromptLookupMin = 1 },
                "draft model" => new SpeculativeOptions { Method = SpeculativeMethod.DraftModel, DraftModelPath = Repository.TinyModel },
                _ => null,
            },
        });
        for (var i = 0; i < streams; i++)
        {
            engine.Add($"{i}", [5 + i, .. GoldenCase.All[3].InputIds], Parameters(kind), constraint: kind == "constraint" ? new EvenTokens() : null);
        }

        var outputs = new List<EngineCoreOutput>(256);
        Steps(engine.Core, outputs, 100);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var tokens = Steps(engine.Core, outputs, 200);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0, $"{tokens} tokens");
        tokens.Should().BeGreaterThanOrEqualTo(200 * streams);
    }

    private static int Steps(IEngineCore core, List<EngineCoreOutput> outputs, int count)
    {
        var tokens = 0;
        for (var i = 0; i < count; i++)
        {
            core.Step(outputs);
            tokens += outputs.Count;
        }

        return tokens;
    }

    private static SamplingParams Parameters(string kind)
    {
        var random = new SamplingParams { Temperature = 1.2f, Seed = 3, MaxTokens = 1900, IgnoreEos = true };
        return kind switch
        {
            "top-p" => random with { TopP = 0.9f, TopK = 50, MinP = 0.001f },
            "unlimited" => random,
            "penalties" => random with { RepetitionPenalty = 1.2f, FrequencyPenalty = 0.1f, PresencePenalty = 0.1f },
            "restricted" => random with
            {
                AllowedTokenIds = [.. Enumerable.Range(20, 900)], BadWordsTokenIds = [[50], [60, 70]], LogitBias = new Dictionary<int, float> { [80] = 2 },
                MinTokens = 1400, StopTokenIds = [90],
            },
            _ => EngineHarness.Greedy(1900),
        };
    }

    private sealed class EvenTokens : ITokenConstraintSource, ITokenConstraint
    {
        public bool IsComplete => false;

        public ITokenConstraint Create(IReadOnlyList<int> stopTokenIds) => this;

        public bool TryFillMask(Span<uint> mask)
        {
            mask.Fill(0x55555555);
            return true;
        }

        public void Accept(int tokenId)
        {
        }
    }
}
