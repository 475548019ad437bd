namespace Octavo.LocalCluster.Node.Pods;

/// <summary>Where a pod's things are; <c>Volumes</c> maps each volume's name to its host path.</summary>
internal sealed record PodFolders(string Root, string Logs, string PodIP, IReadOnlyDictionary<string, string> Volumes)
{
    public string Container(string name) => Path.Combine(Root, "containers", name);
}
