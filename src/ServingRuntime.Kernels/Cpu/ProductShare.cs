namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>One part of a product: some panels of outputs by some tiles of rows.</summary>
internal readonly record struct ProductShare(int PanelBegin, int PanelEnd, int TileBegin, int TileEnd)
{
    /// <summary>By outputs where each part gets several panels or there are few rows: then every weight is read once. Else by rows.</summary>
    public static ProductShare Of(int panels, int tiles, int part, int parts)
    {
        var isByOutputs = panels >= 4 * parts || tiles < 2 * parts;
        var (begin, end) = PartRanges.Split(isByOutputs ? panels : tiles, part, parts);
        return isByOutputs ? new ProductShare(begin, end, 0, tiles) : new ProductShare(0, panels, begin, end);
    }
}
