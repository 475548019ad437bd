namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>
/// Who may claim which part. A section's parts are divided among the threads, each of which has one run of them, the same in every section of as many parts. It claims from
/// its begin; whoever has none left claims from the end of another's. Claims of different ranges touch different cache lines.
/// <para>A range's word holds the number of the section that it was last claimed in and how many parts were claimed since then from its begin and from its end; a word
/// of another section means none. So nobody has to write the ranges when a section begins, and within 2^38 sections no word comes twice.</para>
/// <para>Why a thread that is late cannot claim a part of a section that is over: a claim is a compare-exchange of the word that was read. If that word was of the section, the section
/// had an unclaimed part. If it was of another one and the section still the current one, then a part was unclaimed at that moment, and it stays so until the word changes.
/// A section is over only when every part has been claimed and done.</para>
/// </summary>
internal sealed class PartRanges(int threads)
{
    public const int MaxParts = 4096;
    public const int None = -1;
    private const int CountBits = 13, CountMask = (1 << CountBits) - 1;
    private readonly PaddedLong[] ranges = new PaddedLong[threads];
    private PaddedLong current;

    /// <summary>The section that was begun last.</summary>
    public Section Current => new(Volatile.Read(ref current.Value));

    /// <summary>Begins the next section. All parts of the one before must be claimed. What was written before is seen by whoever claims; a full fence.</summary>
    public Section Begin(int parts, bool wakes)
    {
        var next = Current.Next(parts, wakes);
        Interlocked.Exchange(ref current.Value, next.Word);
        return next;
    }

    /// <summary>The parts of a thread.</summary>
    public (int Begin, int End) Own(int parts, int thread) => Split(parts, thread, ranges.Length);

    /// <summary>
    /// The items of one part, parts as even as can be. Whatever is divided among threads is divided so: parts into threads' ranges, panels into parts when they are packed and when they are
    /// multiplied with. Only then is a thread's own memory what it works with.
    /// </summary>
    public static (int Begin, int End) Split(int count, int part, int parts) => ((int)((long)count * part / parts), (int)((long)count * (part + 1) / parts));

    /// <summary>Claims an unclaimed part of a thread's range, the first or the last.</summary>
    /// <returns><see cref="None"/>: there is none, or the section is over.</returns>
    public int Claim(Section section, int owner, bool fromEnd)
    {
        var (begin, end) = Own(section.Parts, owner);
        if (begin == end)
        {
            return None;
        }

        ref var range = ref ranges[owner].Value;
        var word = Volatile.Read(ref range);
        while (true)
        {
            var claimed = word;
            if (new Section(word).Number != section.Number)
            {
                if (Current != section)
                {
                    return None;
                }

                claimed = section.Number;
            }

            int first = (int)(claimed >> CountBits) & CountMask, last = (int)claimed & CountMask;
            if (begin + first + last >= end)
            {
                return None;
            }

            var seen = Interlocked.CompareExchange(ref range, claimed + (fromEnd ? 1 : 1L << CountBits), word);
            if (seen == word)
            {
                return fromEnd ? end - 1 - last : begin + first;
            }

            word = seen;
        }
    }
}
