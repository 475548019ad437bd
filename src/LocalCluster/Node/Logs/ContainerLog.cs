using System.Globalization;
using System.Text;

namespace Octavo.LocalCluster.Node.Logs;

/// <summary>
/// The log of one run of a container, in the CRI's line format: <c>TIME stdout|stderr F|P TEXT</c>. When the file reaches its limit it becomes
/// <c>N.log.1</c> and a new one begins; one rotated file is kept.
/// </summary>
internal sealed class ContainerLog : IDisposable
{
    public const long DefaultMaxBytes = 10 * 1024 * 1024;

    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly long maxBytes;
    private FileStream file;
    private TaskCompletionSource changed = NewSignal();

    public ContainerLog(string path, TimeProvider time, long maxBytes = DefaultMaxBytes)
    {
        Path = path;
        this.time = time;
        this.maxBytes = maxBytes;
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        file = Open();
    }

    public string Path { get; }

    public string RotatedPath => Path + ".1";

    /// <summary>True once no more lines can come.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>How often the file was rotated: a reader that follows opens the new file when this moves.</summary>
    public int Rotations { get; private set; }

    /// <summary>Completes when something is appended or the log is complete, after the moment of the call.</summary>
    public Task Changed
    {
        get
        {
            lock (gate)
            {
                return IsComplete ? Task.CompletedTask : changed.Task;
            }
        }
    }

    /// <summary>Appends one line (without its newline); <paramref name="partial"/> when the line goes on.</summary>
    public void Append(string stream, ReadOnlySpan<byte> text, bool partial)
    {
        var head = Encoding.ASCII.GetBytes(FormatTime(time.GetUtcNow()) + " " + stream + (partial ? " P " : " F "));
        lock (gate)
        {
            if (IsComplete)
            {
                return;
            }

            if (file.Length > 0 && file.Length + head.Length + text.Length + 1 > maxBytes)
            {
                Rotate();
            }

            file.Write(head);
            file.Write(text);
            file.WriteByte((byte)'\n');
        }
    }

    /// <summary>Makes what was appended visible to readers.</summary>
    public void Flush()
    {
        TaskCompletionSource signal;
        lock (gate)
        {
            if (!IsComplete)
            {
                file.Flush();
            }

            signal = changed;
            changed = NewSignal();
        }

        signal.TrySetResult();
    }

    public void Complete()
    {
        Flush();
        TaskCompletionSource signal;
        lock (gate)
        {
            if (!IsComplete)
            {
                IsComplete = true;
                file.Dispose();
            }

            signal = changed;
        }

        signal.TrySetResult();
    }

    public void Dispose() => Complete();

    /// <summary>RFC 3339 with nine digits, as the CRI writes it.</summary>
    internal static string FormatTime(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'", CultureInfo.InvariantCulture);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private FileStream Open() => new(Path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);

    private void Rotate()
    {
        file.Dispose();
        File.Move(Path, RotatedPath, overwrite: true);
        file = Open();
        Rotations++;
    }
}
