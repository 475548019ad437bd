namespace Octavo.LoadGenerator.Client;

/// <summary>Gathers what the events of one answer say, with the times at which they came.</summary>
internal sealed class AnswerTimes
{
    private readonly List<double> gaps = [];
    private double? first;
    private double last;
    private TokenUsage? usage;
    private double? queue;

    /// <param name="now">Seconds since the request was sent.</param>
    public void Take(in StreamEvent item, double now)
    {
        usage = item.Usage ?? usage;
        queue = item.QueueMilliseconds / 1000 ?? queue;
        if (!item.HasText)
        {
            return;
        }

        if (first is null)
        {
            first = now;
        }
        else
        {
            gaps.Add(now - last);
        }

        last = now;
    }

    public RequestResult Result(double now, string? text) => new()
    {
        PromptTokens = usage?.PromptTokens ?? 0,
        CachedTokens = usage?.CachedTokens ?? 0,
        // A server that gives no usage: pieces of text are the best count there is.
        OutputTokens = usage?.CompletionTokens ?? gaps.Count + (first is null ? 0 : 1),
        TimeToFirstToken = first ?? now,
        InterTokenLatencies = gaps,
        EndToEnd = now,
        QueueTime = queue,
        Text = text,
    };
}
