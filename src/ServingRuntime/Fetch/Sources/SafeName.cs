namespace Octavo.ServingRuntime.Fetch.Sources;

/// <summary>URIs as they may be shown: a user name, password, query or fragment may be a secret.</summary>
internal static class SafeName
{
    public static string Of(string uri)
    {
        var end = uri.IndexOfAny(['?', '#']);
        var shown = end < 0 ? uri : uri[..end] + "?…";
        var begin = shown.IndexOf("://", StringComparison.Ordinal);
        if (begin < 0)
        {
            return shown;
        }

        // Only before the first slash is it user information: hf://org/name@revision has it later.
        var authorityEnd = shown.IndexOf('/', begin + 3) is > 0 and var slash ? slash : shown.Length;
        var at = shown.LastIndexOf('@', authorityEnd - 1, authorityEnd - begin - 3);
        return at < 0 ? shown : shown[..(begin + 3)] + shown[(at + 1)..];
    }

    public static string Of(Uri uri) => Of(uri.AbsoluteUri);
}
