using Octavo.ServingContract;

namespace Octavo.ServingRuntime.Fetch.Sources;

/// <summary>Secrets that lie in files, as Kubernetes mounts them.</summary>
internal static class TokenFile
{
    private const int MostBytes = 1 << 20;

    /// <summary>The file's text without white space around it.</summary>
    /// <exception cref="FetchException">It cannot be read.</exception>
    public static string Read(string path)
    {
        try
        {
            return new FileInfo(path).Length > MostBytes ? throw new FetchException(FetchExitCode.Usage, $"The credentials in {path} are larger than {MostBytes} bytes.") : File.ReadAllText(path).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FetchException(FetchExitCode.Unauthorized, $"The credentials in {path} cannot be read: {e.GetType().Name}.", e);
        }
    }
}
