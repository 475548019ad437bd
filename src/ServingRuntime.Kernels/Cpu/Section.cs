namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>What a team works at, in one word that is read and changed at once: its number in the upper 38 bits, whether it wakes who sleeps, and its parts.</summary>
internal readonly record struct Section(long Word)
{
    public const int NumberShift = 26;
    private const int WakesBit = 1 << 25;

    /// <summary>The number at its place in the word, all other bits zero. It begins anew after 2^38: half a year of twenty thousand sections a second.</summary>
    public long Number => Word & (-1L << NumberShift);

    public int Parts => (int)Word & (WakesBit - 1);

    public bool Wakes => (Word & WakesBit) != 0;

    public Section Next(int parts, bool wakes) => new(unchecked(Number + (1L << NumberShift)) | (wakes ? WakesBit : 0L) | (long)parts);
}
