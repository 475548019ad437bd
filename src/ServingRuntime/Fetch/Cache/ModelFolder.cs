using Octavo.ServingContract;

namespace Octavo.ServingRuntime.Fetch.Cache;

/// <summary>
/// Where a model is published, and what belongs to its making, all beside each other on one file system: the folder itself, which appears whole or not
/// at all; the unfinished one, which a later run goes on with; the lock.
/// </summary>
internal sealed record ModelFolder
{
    public ModelFolder(string path)
    {
        Path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        Parent = System.IO.Path.GetDirectoryName(Path) ?? throw new FetchException(FetchExitCode.Usage, $"{path} cannot be a model's folder.");
        var name = System.IO.Path.GetFileName(Path);
        Unfinished = System.IO.Path.Combine(Parent, $".{name}.partial");
        LockFile = System.IO.Path.Combine(Parent, $".{name}.lock");
    }

    public string Path { get; }
    public string Parent { get; }
    public string Unfinished { get; }
    public string LockFile { get; }

    /// <summary>Makes the unfinished folder the published one, in one step. What was at its place and is no complete model goes.</summary>
    public void Publish()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }

        Directory.Move(Unfinished, Path);
    }

    /// <summary>Whether something that no fetch made stands where the model is to be.</summary>
    public bool IsForeign => File.Exists(Path) || (Directory.Exists(Path) && Directory.EnumerateFileSystemEntries(Path).Any() && !File.Exists(System.IO.Path.Combine(Path, CompleteMarker.FileName)));
}
