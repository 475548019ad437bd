using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Octavo.ServingRuntime.Kernels.Cuda.Compilation;

/// <summary>
/// Compiled kernels on disk, each file named by all that its content depends on and beginning with the digest of its content. Files appear whole (a rename), so processes (and threads) may share a folder;
/// a damaged one counts as missing; a folder that cannot be written costs a log line and the compilation at each start.
/// </summary>
/// <param name="folder">Null: nothing is kept.</param>
internal sealed partial class KernelCache(string? folder, ILogger logger)
{
    private static readonly byte[] Magic = "octavo-kernels-1"u8.ToArray();
    private int complaints;

    /// <summary>A name for what these inputs compile to: every one counts, with its length, so that none can stand for another.</summary>
    public static string Key(KernelSource source, CudaArchitecture architecture, string compiler, IReadOnlyList<string> options)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(compiler);
        Add(architecture.Option);
        Add(string.Join('\n', options));
        Add(source.Name);
        Add(source.Text);
        foreach (var (name, text) in source.Headers.OrderBy(header => header.Key, StringComparer.Ordinal))
        {
            Add(name);
            Add(text);
        }

        return $"{Path.GetFileNameWithoutExtension(source.Name)}-{architecture.Option}-{Convert.ToHexStringLower(hash.GetHashAndReset())[..32]}";

        void Add(string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }
    }

    /// <returns>Null: it is not there, or not whole.</returns>
    public byte[]? Find(string key)
    {
        if (folder is null)
        {
            return null;
        }

        var path = PathOf(key);
        try
        {
            if (!File.Exists(path))
            {
                return null;
            }

            var bytes = File.ReadAllBytes(path);
            var begin = Magic.Length + SHA256.HashSizeInBytes;
            if (bytes.Length > begin && bytes.AsSpan(0, Magic.Length).SequenceEqual(Magic) && SHA256.HashData(bytes.AsSpan(begin)).AsSpan().SequenceEqual(bytes.AsSpan(Magic.Length, SHA256.HashSizeInBytes)))
            {
                return bytes[begin..];
            }

            LogDamaged(logger, path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogUnreadable(logger, path, failure.Message);
        }

        return null;
    }

    public void Keep(string key, byte[] image)
    {
        if (folder is null)
        {
            return;
        }

        var path = PathOf(key);
        var temporary = $"{path}.{Environment.ProcessId}.{Guid.NewGuid():N}";
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllBytes(temporary, [.. Magic, .. SHA256.HashData(image), .. image]);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Remove(temporary);
            if (Interlocked.Increment(ref complaints) == 1)
            {
                LogUnwritable(logger, folder, failure.Message);
            }
        }
    }

    private string PathOf(string key) => Path.Combine(folder!, key + ".bin");

    private void Remove(string path)
    {
        try
        {
            if (File.Exists(path))
            {
                File.Delete(path);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogUnreadable(logger, path, failure.Message);
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "{Path} is damaged; the kernels are compiled again")]
    private static partial void LogDamaged(ILogger logger, string path);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "{Path}: {Reason}")]
    private static partial void LogUnreadable(ILogger logger, string path, string reason);

    [LoggerMessage(EventId = 3, Level = LogLevel.Warning, Message = "compiled kernels cannot be kept in {Folder} ({Reason}): each start compiles them again; OCTAVO_CUDA_CACHE names another folder")]
    private static partial void LogUnwritable(ILogger logger, string folder, string reason);
}
