namespace Octavo.ServingRuntime.OpenAI.Mapping;

/// <summary>Which log-probabilities a request wants; the two endpoints say it differently.</summary>
internal static class LogprobsMapper
{
    private const int MaxTopLogprobs = 20;

    /// <summary>logprobs true or false, top_logprobs beside it.</summary>
    public static int? TakeChat(RequestFields fields)
    {
        var wanted = fields.Flag("logprobs") ?? false;
        var top = fields.Integer("top_logprobs", 0, MaxTopLogprobs);
        return top is not null && !wanted ? throw RequestFields.Wrong("top_logprobs", "needs 'logprobs' to be true") : wanted ? top ?? 0 : null;
    }

    /// <summary>logprobs is their number.</summary>
    public static int? TakeCompletion(RequestFields fields) => fields.Integer("logprobs", 0, MaxTopLogprobs);
}
