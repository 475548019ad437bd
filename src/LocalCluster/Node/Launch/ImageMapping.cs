namespace Octavo.LocalCluster.Node.Launch;

/// <summary>An image name (without tag), the executable that stands for it, arguments that come before the container's, and paths inside the image.</summary>
internal sealed record ImageMapping(string Image, string Executable, IReadOnlyList<string> LeadingArguments, IReadOnlyDictionary<string, string> Paths)
{
    /// <summary>The folder with the image's files, for image volumes: the executable's place where that is a folder, or what / is mapped to; null where there is neither.</summary>
    public string? Root => Directory.Exists(Executable) ? Executable : Paths.GetValueOrDefault("/");

    /// <summary>Reads <c>NAME=EXECUTABLE[ ARG...][,CONTAINER_PATH=HOST_PATH...]</c>; throws <see cref="FormatException"/> with what is wrong.</summary>
    public static ImageMapping Parse(string text)
    {
        var parts = text.Split(',');
        var equals = parts[0].IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0 || equals == parts[0].Length - 1)
        {
            throw new FormatException($"image mapping \"{text}\" must have the form NAME=EXECUTABLE[,CONTAINER_PATH=HOST_PATH...]");
        }

        var command = parts[0][(equals + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (!Path.IsPathRooted(command[0]))
        {
            throw new FormatException($"image mapping \"{text}\": the executable must be an absolute path");
        }

        var paths = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in parts.Skip(1))
        {
            var separator = part.IndexOf('=', StringComparison.Ordinal);
            if (separator <= 0 || !part.StartsWith('/') || !Path.IsPathRooted(part[(separator + 1)..]))
            {
                throw new FormatException($"image mapping \"{text}\": \"{part}\" must have the form /CONTAINER_PATH=/HOST_PATH");
            }

            paths[part[..separator]] = part[(separator + 1)..];
        }

        return new ImageMapping(WithoutTag(parts[0][..equals]), command[0], command[1..], paths);
    }

    /// <summary>The name without tag and digest: <c>registry:5000/a/b:1@sha256:x</c> is <c>registry:5000/a/b</c>.</summary>
    public static string WithoutTag(string image)
    {
        var at = image.IndexOf('@', StringComparison.Ordinal);
        var name = at < 0 ? image : image[..at];
        var colon = name.LastIndexOf(':');
        return colon > name.LastIndexOf('/') ? name[..colon] : name;
    }
}
