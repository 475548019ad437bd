namespace Octavo.Cli.Demo;

/// <summary>Finds the folder with the manifests and the model that ships.</summary>
internal static class CheckoutFinder
{
    /// <summary>The nearest folder at or above <paramref name="start"/> that has what the demo applies; null where there is none.</summary>
    public static string? Find(string start)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
        {
            if (Directory.Exists(Path.Combine(folder.FullName, "config", "crds")) && Directory.Exists(Path.Combine(folder.FullName, "models", "octavo-tiny")))
            {
                return folder.FullName;
            }
        }

        return null;
    }
}
