using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Sampling;
using Octavo.ServingRuntime.Engine.Scheduling;

namespace Octavo.ServingRuntime.Engine.Tests.Sampling;

public sealed class LogitsProcessorTests
{
    private const int Vocabulary = 75;
    private readonly LogitsProcessor processor = new(Vocabulary);
    private readonly Random random = new(1);

    [Fact]
    public void Apply_EverythingAtOnce_FollowsVllmsFormulas()
    {
        for (var round = 0; round < 100; round++)
        {
            var prompt = Tokens(random.Next(1, 30));
            var output = Tokens(random.Next(0, 30));
            var parameters = new SamplingParams
            {
                RepetitionPenalty = round % 3 == 0 ? 1f : 0.5f + random.NextSingle(), FrequencyPenalty = random.NextSingle() - 0.5f, PresencePenalty = random.NextSingle() - 0.5f,
                MinTokens = 15, StopTokenIds = [3, 4], AllowedTokenIds = round % 2 == 0 ? [.. Enumerable.Range(0, 60)] : null,
                LogitBias = new Dictionary<int, float> { [7] = 1.5f, [8] = -20f, [Vocabulary + 5] = 1f }, BadWordsTokenIds = [[9], [10, 11], [12, 13, 14]],
            };
            var mask = Enumerable.Range(0, (Vocabulary + 31) / 32).Select(_ => (uint)random.NextInt64()).ToArray();
            var logits = Enumerable.Range(0, Vocabulary).Select(_ => (random.NextSingle() * 8) - 4).ToArray();
            var expected = Naive(logits, prompt, output, parameters, mask, eos: 2);

            processor.Apply(Position(prompt, output, parameters), mask, mustEnd: false, logits);

            logits.Should().Equal(expected, (left, right) => left == right || Math.Abs(left - right) < 1e-5f, $"round {round}");
        }
    }

    [Theory]
    [InlineData(new[] { 10 }, true)]
    [InlineData(new[] { 5, 10 }, true)]
    [InlineData(new[] { 10, 5 }, false)]
    [InlineData(new int[0], false)]
    public void Apply_BadWordOfSeveralTokens_ForbidsItsLastAfterTheOthers(int[] output, bool forbidden)
    {
        var logits = new float[Vocabulary];
        processor.Apply(Position([10], output, new SamplingParams { BadWordsTokenIds = [[10, 11]] }), [], mustEnd: false, logits);
        float.IsNegativeInfinity(logits[11]).Should().Be(forbidden, "the prompt does not count");
        logits.Count(float.IsNegativeInfinity).Should().Be(forbidden ? 1 : 0);
    }

    [Fact]
    public void Apply_MinTokensThatCannotBeHad_LetsStopTokensPass()
    {
        var logits = new float[Vocabulary];
        var parameters = new SamplingParams { MinTokens = 5 };
        processor.Apply(Position([1], [], parameters), [], mustEnd: true, logits);
        logits[2].Should().Be(0);
        processor.Apply(Position([1], [], parameters), [], mustEnd: false, logits);
        logits[2].Should().Be(float.NegativeInfinity);
    }

    [Fact]
    public void TokenMask_AnyLength_KeepsTheBitsThatAreSet()
    {
        for (var size = 1; size < 140; size++)
        {
            var mask = Enumerable.Range(0, TokenMask.Words(size)).Select(_ => random.Next(4) switch { 0 => uint.MaxValue, 1 => 0u, _ => (uint)random.NextInt64() }).ToArray();
            var logits = Enumerable.Range(0, size).Select(i => (float)i).ToArray();
            TokenMask.Apply(mask, logits);
            for (var i = 0; i < size; i++)
            {
                logits[i].Should().Be((mask[i / 32] >> (i % 32) & 1) == 1 ? i : float.NegativeInfinity);
            }
        }
    }

    private static float[] Naive(float[] logits, int[] prompt, int[] output, SamplingParams parameters, uint[] mask, int eos)
    {
        var result = logits.ToArray();
        void Forbid(Func<int, bool> which)
        {
            for (var token = 0; token < result.Length; token++)
            {
                result[token] = which(token) ? float.NegativeInfinity : result[token];
            }
        }

        Forbid(token => (mask[token / 32] >> (token % 32) & 1) == 0);
        Forbid(token => parameters.AllowedTokenIds is { } allowed && !allowed.Contains(token));
        Forbid(token => parameters.BadWordsTokenIds.Any(word => word[^1] == token && output.Length >= word.Count - 1 && output[^(word.Count - 1)..].SequenceEqual(word.SkipLast(1))));
        Forbid(token => output.Length < parameters.MinTokens && (token == eos || parameters.StopTokenIds.Contains(token)));
        for (var token = 0; token < result.Length; token++)
        {
            result[token] += parameters.LogitBias.GetValueOrDefault(token);
            if (prompt.Contains(token) || output.Contains(token))
            {
                result[token] = result[token] > 0 ? result[token] / parameters.RepetitionPenalty : result[token] * parameters.RepetitionPenalty;
            }

            var count = output.Count(other => other == token);
            result[token] -= (parameters.FrequencyPenalty * count) + (count > 0 ? parameters.PresencePenalty : 0);
        }

        return result;
    }

    private static SamplingPosition Position(int[] prompt, int[] output, SamplingParams parameters)
    {
        var request = new Request(new EngineCoreRequest { RequestId = "r", PromptTokenIds = prompt, SamplingParams = parameters, EosTokenIds = [2] }, 0, 0);
        foreach (var token in output)
        {
            request.AppendToken(token);
        }

        return new SamplingPosition(request, request.Tokens);
    }

    private int[] Tokens(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(Vocabulary))];
}
