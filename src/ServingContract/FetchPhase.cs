namespace Octavo.ServingContract;

/// <summary>Where a fetch stands; values of <see cref="FetchProgress.Phase"/>.</summary>
public static class FetchPhase
{
    /// <summary>Another fetch brings the same model into the same folder.</summary>
    public const string Waiting = "Waiting";

    /// <summary>The source is asked what the model consists of.</summary>
    public const string Listing = "Listing";

    public const string Downloading = "Downloading";

    /// <summary>All bytes are here; archives are unpacked, digests computed.</summary>
    public const string Verifying = "Verifying";

    /// <summary>Published.</summary>
    public const string Complete = "Complete";
}
