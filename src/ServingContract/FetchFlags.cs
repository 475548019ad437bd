namespace Octavo.ServingContract;

/// <summary>Command-line options of <c>octavo-serve fetch</c> that the operator writes.</summary>
public static class FetchFlags
{
    public const string Verb = "fetch";

    /// <summary>Where the model is.</summary>
    public const string Uri = "--uri";

    /// <summary>Folder in which models are published, each in a folder named by <see cref="ModelCachePath.EntryName"/>.</summary>
    public const string CacheDirectory = "--cache-dir";

    /// <summary>Digest of the model's manifest, which is checked.</summary>
    public const string Sha256 = "--sha256";

    /// <summary>The model may lack a tokenizer: it is to be served with <see cref="ServingFlags.SkipTokenizerInit"/>.</summary>
    public const string SkipTokenizerInit = ServingFlags.SkipTokenizerInit;

    /// <summary>Nothing is brought: the model has to be in the cache.</summary>
    public const string CheckOnly = "--check-only";

    /// <summary>Seconds that one run may take in all.</summary>
    public const string Deadline = "--deadline";

    /// <summary>Variable in place of <see cref="ProgressHost"/> with <see cref="ServingPorts.FetchProgress"/>: an image that does not know it fetches all the same.</summary>
    public const string ProgressHostVariable = "OCTAVO_FETCH_PROGRESS_HOST";

    /// <summary>Variable in place of <see cref="ResultFile"/>.</summary>
    public const string ResultFileVariable = "OCTAVO_FETCH_RESULT_FILE";

    /// <summary>The address at whose <see cref="ProgressPort"/> progress is told.</summary>
    public const string ProgressHost = "--progress-host";

    /// <summary>Where <see cref="ServingPaths.FetchProgress"/> answers.</summary>
    public const string ProgressPort = "--progress-port";

    /// <summary>File that a successful run writes its <see cref="FetchProgress"/> to.</summary>
    public const string ResultFile = "--result-file";
}
