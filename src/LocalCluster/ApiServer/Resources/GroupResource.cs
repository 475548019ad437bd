namespace Octavo.LocalCluster.ApiServer.Resources;

/// <summary>Names a collection in the store: the group (empty for core) and the plural resource name.</summary>
internal readonly record struct GroupResource(string Group, string Resource)
{
    /// <summary>`deployments.apps`; core resources have no suffix.</summary>
    public override string ToString() => Group.Length == 0 ? Resource : $"{Resource}.{Group}";
}
