namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <summary>
/// Copies of blocks are as if done one after another, and a device does those of one launch in any order. So they are cut, in their order, into waves in which no block is written twice,
/// nor written and read.
/// </summary>
internal static class BlockCopyWaves
{
    /// <returns>Lengths of the waves; their sum is the number of copies.</returns>
    public static IReadOnlyList<int> Plan(ReadOnlySpan<BlockCopy> copies)
    {
        var waves = new List<int>();
        HashSet<int> read = [], written = [];
        var length = 0;
        foreach (var (source, destination) in copies)
        {
            if (written.Contains(source) || written.Contains(destination) || read.Contains(destination))
            {
                waves.Add(length);
                length = 0;
                read.Clear();
                written.Clear();
            }

            read.Add(source);
            written.Add(destination);
            length++;
        }

        if (length > 0)
        {
            waves.Add(length);
        }

        return waves;
    }
}
