namespace Octavo.ServingRuntime.Engine.Tokenization.Buffers;

/// <summary>Keeps a few scratch spaces for the threads that encode.</summary>
internal sealed class ScratchPool
{
    private readonly EncodingScratch?[] kept = new EncodingScratch?[Math.Min(Environment.ProcessorCount, 16)];

    public EncodingScratch Rent()
    {
        for (var i = 0; i < kept.Length; i++)
        {
            if (kept[i] is not null && Interlocked.Exchange(ref kept[i], null) is { } scratch)
            {
                return scratch;
            }
        }

        return new EncodingScratch();
    }

    public void Return(EncodingScratch scratch)
    {
        if (!scratch.IsWorthKeeping)
        {
            return;
        }

        for (var i = 0; i < kept.Length; i++)
        {
            if (kept[i] is null && Interlocked.CompareExchange(ref kept[i], scratch, null) is null)
            {
                return;
            }
        }
    }
}
