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
}
