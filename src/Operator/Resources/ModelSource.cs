namespace Octavo.Operator.Resources;

/// <summary>What a model URI means to this build.</summary>
internal static class ModelSource
{
    private const string FileScheme = "file://";

    /// <summary>The path in the container that a <c>file:///path</c> names; false for every other scheme, which this build cannot fetch.</summary>
    public static bool TryGetPath(string uri, out string path)
    {
        path = "";
        if (!uri.StartsWith(FileScheme + "/", StringComparison.Ordinal) || uri.Length == FileScheme.Length + 1)
        {
            return false;
        }

        path = Uri.UnescapeDataString(uri[FileScheme.Length..]);
        return true;
    }

    /// <summary>The scheme, for messages.</summary>
    public static string SchemeOf(string uri) => uri.IndexOf("://", StringComparison.Ordinal) is > 0 and var end ? uri[..end] : uri;
}
