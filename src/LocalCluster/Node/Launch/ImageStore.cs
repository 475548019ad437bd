namespace Octavo.LocalCluster.Node.Launch;

/// <summary>The images that this node can run.</summary>
internal sealed class ImageStore(IEnumerable<ImageMapping> mappings)
{
    private static readonly string[] DefaultRegistries = ["docker.io/library/", "docker.io/", "index.docker.io/"];

    private readonly Dictionary<string, ImageMapping> byName = mappings
        .GroupBy(m => m.Image, StringComparer.Ordinal)
        .ToDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);

    /// <summary>Finds by name whatever the tag; Docker Hub's prefix may be written or not.</summary>
    public ImageMapping? Find(string image)
    {
        var name = ImageMapping.WithoutTag(image);
        if (byName.TryGetValue(name, out var mapping))
        {
            return mapping;
        }

        var registry = DefaultRegistries.FirstOrDefault(r => name.StartsWith(r, StringComparison.Ordinal));
        return registry is not null && byName.TryGetValue(name[registry.Length..], out mapping) ? mapping : null;
    }

    /// <summary>Why a pull fails, and what the reader can do.</summary>
    public string WhyMissing(string image)
    {
        var known = byName.Count == 0 ? "none" : string.Join(", ", byName.Keys.Order(StringComparer.Ordinal));
        return $"this node runs containers as processes and no executable is mapped to \"{ImageMapping.WithoutTag(image)}\" (mapped: {known}); "
            + $"start the node with --image {ImageMapping.WithoutTag(image)}=/path/to/executable";
    }
}
