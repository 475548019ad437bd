namespace Octavo.Gateway.Routing;

/// <summary>The directory that requests read. When the API server is away it simply keeps the last one.</summary>
internal sealed class ModelDirectoryStore
{
    private volatile ModelDirectory current = ModelDirectory.Empty;
    private volatile bool synced;

    /// <summary>Raised after <see cref="Current"/> was replaced.</summary>
    public event Action? Changed;

    public ModelDirectory Current => current;

    /// <summary>True once a whole directory has been read.</summary>
    public bool Synced => synced;

    public void Replace(ModelDirectory directory)
    {
        current = directory;
        synced = true;
        Changed?.Invoke();
    }
}
