using System.IO.Compression;
using System.Text.Json;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Tokenization;

/// <summary>Reference data that does not travel with the repository: tests that use it skip where it is absent.</summary>
internal static class GoldenData
{
    /// <summary>OCTAVO_GOLDEN, or shared/golden beside or above the checkout.</summary>
    public static string? Root { get; } = Find();

    public static string Folder(params string[] parts)
    {
        Skip.If(Root is null, "no golden data: set OCTAVO_GOLDEN");
        var path = Path.Combine([Root!, .. parts]);
        Skip.IfNot(Path.Exists(path), $"no golden data at {path}");
        return path;
    }

    public static Stream OpenGzip(string path) => new GZipStream(File.OpenRead(path), CompressionMode.Decompress);

    public static JsonDocument ReadGzip(string path)
    {
        using var stream = OpenGzip(path);
        return JsonDocument.Parse(stream);
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("OCTAVO_GOLDEN") is { Length: > 0 } named)
        {
            return named;
        }

        for (var folder = new DirectoryInfo(Repository.Root); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "shared", "golden");
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        return null;
    }
}
