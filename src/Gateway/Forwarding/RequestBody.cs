using Octavo.Gateway.OpenAI;

namespace Octavo.Gateway.Forwarding;

/// <summary>Reads a request's body whole, up to a limit.</summary>
internal static class RequestBody
{
    private const int FirstChunk = 16 * 1024;

    /// <summary>
    /// The body, or the error to answer with: too large (413) or no memory for it now (503). The memory is the request's own and not pooled: an HTTP
    /// client may still read it after a failed attempt, and a buffer returned too early would send one client's prompt as another's.
    /// </summary>
    public static async Task<(ReadOnlyMemory<byte> Body, OpenAIError? Error)> ReadAsync(HttpRequest request, int maxBytes, BodyBudget.Reservation reservation, CancellationToken cancellationToken)
    {
        if (request.ContentLength > maxBytes)
        {
            return (default, OpenAIError.TooLarge(maxBytes));
        }

        // One byte more than announced: the end is then seen without another buffer.
        var capacity = request.ContentLength is { } length ? (int)length + 1 : FirstChunk;
        if (!reservation.TryGrowTo(capacity))
        {
            return (default, OpenAIError.OutOfBuffers());
        }

        var buffer = new byte[capacity];
        var filled = 0;
        while (true)
        {
            var read = await request.Body.ReadAsync(buffer.AsMemory(filled), cancellationToken);
            if (read == 0)
            {
                return (buffer.AsMemory(0, filled), null);
            }

            filled += read;
            if (filled > maxBytes)
            {
                return (default, OpenAIError.TooLarge(maxBytes));
            }

            if (filled == buffer.Length)
            {
                capacity = (int)Math.Min((long)buffer.Length * 2, (long)maxBytes + 1);
                if (!reservation.TryGrowTo(capacity))
                {
                    return (default, OpenAIError.OutOfBuffers());
                }

                Array.Resize(ref buffer, capacity);
            }
        }
    }
}
