namespace Octavo.Operator.Permissions;

/// <summary>Where a permission has to hold.</summary>
internal enum PermissionScope
{
    /// <summary>In the namespaces that the operator serves: a Role can give it.</summary>
    Namespace,

    /// <summary>In the whole cluster. The operator does without it where it serves some namespaces only, and says what it cannot do then.</summary>
    Cluster,
}
