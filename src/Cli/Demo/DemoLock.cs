namespace Octavo.Cli.Demo;

/// <summary>One demo a checkout: two would share state, kubeconfig and logs.</summary>
internal static class DemoLock
{
    /// <summary>Held until disposed, and given back by the system if this process dies. Throws where another demo holds it.</summary>
    public static FileStream Take(string stateFolder)
    {
        Directory.CreateDirectory(stateFolder);
        try
        {
            return new FileStream(Path.Combine(stateFolder, "demo.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException taken)
        {
            throw new DemoException($"another demo runs in this checkout (it holds {Path.Combine(stateFolder, "demo.lock")}); stop it first", taken);
        }
    }
}
