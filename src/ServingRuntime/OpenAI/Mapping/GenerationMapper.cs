using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.OpenAI.Mapping;

/// <summary>The part of a request that is the same for all its prompts; read once, then made into one generation a prompt.</summary>
internal sealed class GenerationMapper
{
    private const int MaxChoices = 16;
    private const int MaxStops = 16;
    private const int MaxStopLength = 256;
    private const int MaxSaltLength = 256;

    private readonly InputProcessor input;
    private readonly TokenLimit limit;
    private readonly GenerationRequest common;
    private readonly int? truncation;

    public GenerationMapper(RequestFields fields, InputProcessor input, TokenLimit limit, LogprobsRequest logprobs, long arrival)
    {
        this.input = input;
        this.limit = limit;
        var choices = fields.Integer("n", 1, MaxChoices) ?? 1;
        if (fields.Integer("best_of", 1) is { } bestOf && bestOf != choices)
        {
            throw new InvalidRequestException("'best_of' other than 'n' is not supported by this server", "best_of", "unsupported_parameter");
        }

        var salt = fields.String("cache_salt");
        if (salt is { Length: 0 or > MaxSaltLength })
        {
            throw RequestFields.Wrong("cache_salt", $"must have 1 to {MaxSaltLength} characters");
        }

        truncation = fields.Integer("truncate_prompt_tokens", -1, input.MaxModelLen);
        if (truncation == 0)
        {
            throw fields.Fault("truncate_prompt_tokens", "must be -1 or at least 1");
        }

        var stops = fields.Strings("stop", MaxStops, MaxStopLength);
        if (stops.Count > 0)
        {
            input.RequireTokenizer("stop");
        }

        common = new GenerationRequest
        {
            RequestId = "",
            PromptTokenIds = [],
            N = choices,
            StopStrings = stops,
            IncludeStopStringInOutput = fields.Flag("include_stop_str_in_output") ?? false,
            SkipSpecialTokens = fields.Flag("skip_special_tokens") ?? true,
            EosTokenIds = input.Model.EosTokenIds,
            Priority = fields.Integer("priority") ?? 0,
            CacheSalt = salt,
            ArrivalTimestamp = arrival,
            SamplingParams = SamplingMapper.Take(fields, input) with
            {
                Logprobs = logprobs.Count, LogprobTokenIds = logprobs.TokenIds, PromptLogprobs = logprobs.Prompt,
            },
        };
    }

    /// <exception cref="InvalidRequestException">The prompt is too long, or leaves too little for what is asked.</exception>
    public GenerationRequest For(string id, IReadOnlyList<int> prompt)
    {
        prompt = Truncated(prompt);
        var asked = limit.Asked ?? (limit.Default is { } usual ? Math.Min(usual, Math.Max(1, input.MaxModelLen - prompt.Count)) : null);
        var maxTokens = input.CheckLengths(prompt, asked, limit.Parameter);
        var sampling = common.SamplingParams;
        return sampling.MinTokens <= maxTokens
            ? common with { RequestId = id, PromptTokenIds = prompt, SamplingParams = sampling with { MaxTokens = maxTokens } }
            : throw RequestFields.Wrong("min_tokens", $"must be at most the {maxTokens} tokens that may be generated, not {sampling.MinTokens}");
    }

    /// <summary>The end of the prompt is kept, as with vLLM; -1 stands for what the model can take and still answer.</summary>
    private IReadOnlyList<int> Truncated(IReadOnlyList<int> prompt)
    {
        if (truncation is not { } asked)
        {
            return prompt;
        }

        var most = asked == -1 ? Math.Max(1, input.MaxModelLen - Math.Max(1, limit.Asked ?? 1)) : asked;
        return prompt.Count <= most ? prompt : [.. prompt.Skip(prompt.Count - most)];
    }
}
