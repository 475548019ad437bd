namespace Octavo.TestSupport;

/// <summary>Finds files of the checkout that tests run in.</summary>
public static class Repository
{
    /// <summary>The folder that holds Operator.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The model that ships.</summary>
    public static string TinyModel => Path.Combine(Root, "models", "octavo-tiny");

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Operator.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"no Operator.sln above {AppContext.BaseDirectory}");
    }
}
