using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.OpenAI.Mapping;

/// <summary>Which log-probabilities a request wants; the two endpoints say it differently.</summary>
internal static class LogprobsMapper
{
    private const int MaxTokenIds = 128;

    /// <summary>logprobs true or false, top_logprobs beside it.</summary>
    public static LogprobsRequest TakeChat(RequestFields fields, int most, int vocabSize)
    {
        var wanted = fields.Flag("logprobs") ?? false;
        var top = TakeNumber(fields, "top_logprobs", most);
        if (top is not null && !wanted)
        {
            throw fields.Fault("top_logprobs", "needs 'logprobs' to be true");
        }

        return Take(fields, wanted ? top ?? 0 : null, TakeNumber(fields, "prompt_logprobs", most), vocabSize);
    }

    /// <summary>logprobs is their number; with echo the prompt's come too.</summary>
    public static LogprobsRequest TakeCompletion(RequestFields fields, int most, int vocabSize, bool echo)
    {
        var count = TakeNumber(fields, "logprobs", most);
        var taken = Take(fields, count, TakeNumber(fields, "prompt_logprobs", most), vocabSize);
        return echo && taken.Prompt is null ? taken with { Prompt = count } : taken;
    }

    private static LogprobsRequest Take(RequestFields fields, int? count, int? prompt, int vocabSize)
    {
        if (prompt is not null && fields.Flag("stream") == true)
        {
            throw fields.Fault("prompt_logprobs", "cannot be had with 'stream'");
        }

        var ids = fields.Integers("logprob_token_ids", MaxTokenIds);
        return new LogprobsRequest
        {
            // The ids alone ask for log-probabilities, too.
            Count = count ?? (ids.Count > 0 ? 0 : null),
            Prompt = prompt,
            ReturnPrompt = prompt is not null,
            TokenIds = ids.All(id => id >= 0 && id < vocabSize) ? ids : throw fields.Fault("logprob_token_ids", $"names an id that is none of the {vocabSize} tokens"),
            AsTokenIds = fields.Flag("return_tokens_as_token_ids") ?? false,
        };
    }

    private static int? TakeNumber(RequestFields fields, string name, int most)
    {
        if (fields.Long(name) is not { } number)
        {
            return null;
        }

        return (most < 0 && number >= -1 && number <= int.MaxValue) || (number >= 0 && number <= most) ? (int)number
            : throw new InvalidRequestException(
                $"'{name}' must be from {(most < 0 ? -1 : 0)} to {(most < 0 ? "the vocabulary's size" : most)}, not {number}; --max-logprobs sets the limit", name, "invalid_value");
    }
}
