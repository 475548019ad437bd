using System.Formats.Tar;
using System.IO.Compression;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch.Checkpoints;
using Octavo.ServingRuntime.Fetch.Sources;

namespace Octavo.ServingRuntime.Fetch.Archives;

/// <summary>
/// Takes a model's files out of a tar archive or image layer, plain or gzip. Nothing in it is believed: paths stay below the folder, links are refused,
/// an entry is not begun when the disk cannot hold it, and what is no file of a model is passed over.
/// </summary>
internal static class TarExtraction
{
    private const string Whiteout = ".wh.";
    private const string OpaqueWhiteout = ".wh..wh..opq";

    /// <summary>Room that is left on the disk.</summary>
    private const long Reserve = 64 << 20;

    /// <param name="archive">The file.</param>
    /// <param name="folder">Where to; exists.</param>
    /// <param name="name">The archive's name, for messages.</param>
    /// <param name="freeBytes">Bytes that may still be written below a folder.</param>
    /// <param name="cancellationToken">Stops between entries.</param>
    /// <exception cref="FetchException">It is no such archive, or holds what must not be extracted, or there is no room.</exception>
    public static async Task ExtractAsync(string archive, string folder, string name, Func<string, long> freeBytes, CancellationToken cancellationToken)
    {
        var file = File.OpenRead(archive);
        await using var disposingFile = file.ConfigureAwait(false);
        var content = await OpenAsync(file, name, cancellationToken).ConfigureAwait(false);
        await using var disposingContent = content.ConfigureAwait(false);
        try
        {
            var reader = new TarReader(content, leaveOpen: true);
            await using var disposingReader = reader.ConfigureAwait(false);
            while (await reader.GetNextEntryAsync(copyData: false, cancellationToken).ConfigureAwait(false) is { } entry)
            {
                await ExtractAsync(entry, folder, name, freeBytes, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException)
        {
            throw new FetchException(FetchExitCode.InvalidModel, $"{name} is no readable tar archive: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    private static async Task ExtractAsync(TarEntry entry, string folder, string name, Func<string, long> freeBytes, CancellationToken cancellationToken)
    {
        if (entry.EntryType is TarEntryType.Directory or TarEntryType.GlobalExtendedAttributes or TarEntryType.ExtendedAttributes)
        {
            return;
        }

        var path = RelativePath.Normalize(entry.Name);
        var leaf = entry.Name[(entry.Name.LastIndexOfAny(['/', '\\']) + 1)..];
        if (path is null)
        {
            // Layers of an image may hold odd names that concern nobody; a model's file with one is an attack or a mistake.
            if (CheckpointFiles.IsWanted(leaf))
            {
                throw new FetchException(FetchExitCode.InvalidModel, $"{name} holds '{RelativePath.Printable(entry.Name)}', which leads out of the model's folder.");
            }

            return;
        }

        if (leaf.StartsWith(Whiteout, StringComparison.Ordinal))
        {
            Remove(Path.Combine(folder, path[..^leaf.Length]), leaf);
            return;
        }

        if (!CheckpointFiles.IsWanted(path))
        {
            return;
        }

        if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile))
        {
            throw new FetchException(FetchExitCode.InvalidModel, $"{name} holds {path} as a {entry.EntryType}; only regular files are extracted.");
        }

        if (entry.Length > freeBytes(folder) - Reserve)
        {
            throw new FetchException(FetchExitCode.NoSpace, $"{name} holds {path} of {entry.Length} bytes, for which there is no room in {folder}.");
        }

        var target = Path.Combine(folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        await entry.ExtractToFileAsync(target, overwrite: true, cancellationToken).ConfigureAwait(false);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(target, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }
    }

    /// <summary>A layer's mark that lower layers' content is gone (OCI image specification, layer.md).</summary>
    private static void Remove(string directory, string leaf)
    {
        if (leaf == OpaqueWhiteout)
        {
            if (Directory.Exists(directory))
            {
                foreach (var file in Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).ToList())
                {
                    File.Delete(file);
                }
            }

            return;
        }

        var removed = Path.Combine(directory, leaf[Whiteout.Length..]);
        if (leaf.Length > Whiteout.Length && leaf[Whiteout.Length..] is not ("." or ".."))
        {
            File.Delete(removed);
            if (Directory.Exists(removed))
            {
                Directory.Delete(removed, recursive: true);
            }
        }
    }

    /// <summary>By content and not by name: media types and extensions are often wrong.</summary>
    private static async Task<Stream> OpenAsync(FileStream file, string name, CancellationToken cancellationToken)
    {
        var magic = new byte[4];
        await file.ReadAtLeastAsync(magic, magic.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        file.Position = 0;
        return magic switch
        {
            [0x1f, 0x8b, ..] => new GZipStream(file, CompressionMode.Decompress, leaveOpen: true),
            [0x28, 0xb5, 0x2f, 0xfd] => throw new FetchException(FetchExitCode.UnsupportedSource, $"{name} is compressed with zstd, which is not supported: use gzip or none."),
            _ => file,
        };
    }
}
