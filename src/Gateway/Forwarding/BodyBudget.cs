namespace Octavo.Gateway.Forwarding;

/// <summary>Bounds the bytes of all bodies held in memory at once, so that many large requests are refused and do not end the gateway.</summary>
internal sealed class BodyBudget(long maxBytes)
{
    private long used;

    public long Used => Interlocked.Read(ref used);

    public Reservation Begin() => new(this);

    private bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref used, bytes) <= maxBytes)
        {
            return true;
        }

        Interlocked.Add(ref used, -bytes);
        return false;
    }

    /// <summary>One request's share; disposing gives it back. Used by one request at a time.</summary>
    internal sealed class Reservation(BodyBudget owner) : IDisposable
    {
        private long taken;

        /// <summary>Grows the share to <paramref name="bytes"/>; false where the budget does not allow it.</summary>
        public bool TryGrowTo(long bytes)
        {
            var more = bytes - taken;
            if (more > 0)
            {
                if (!owner.TryTake(more))
                {
                    return false;
                }

                taken = bytes;
            }

            return true;
        }

        public void Dispose()
        {
            Interlocked.Add(ref owner.used, -taken);
            taken = 0;
        }
    }
}
