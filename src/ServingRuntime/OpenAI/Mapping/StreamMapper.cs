namespace Octavo.ServingRuntime.OpenAI.Mapping;

/// <summary>stream and stream_options.</summary>
internal static class StreamMapper
{
    public static StreamOptions Take(RequestFields fields)
    {
        var stream = fields.Flag("stream") ?? false;
        if (!fields.TryTake("stream_options", out var given))
        {
            return new StreamOptions(stream, false, false);
        }

        if (!stream)
        {
            throw RequestFields.Wrong("stream_options", "needs 'stream' to be true");
        }

        var inner = fields.Inner("stream_options", given);
        var usage = inner.Flag("include_usage") ?? false;
        return new StreamOptions(true, usage, usage && (inner.Flag("continuous_usage_stats") ?? false));
    }
}
