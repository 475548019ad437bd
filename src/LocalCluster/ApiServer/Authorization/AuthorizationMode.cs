namespace Octavo.LocalCluster.ApiServer.Authorization;

/// <summary>Who may do what.</summary>
public enum AuthorizationMode
{
    /// <summary>Whoever is authenticated may do everything; anonymous callers may read the health endpoints and /version only.</summary>
    AlwaysAllow,

    /// <summary>Roles and bindings decide; system:masters may do everything.</summary>
    Rbac,
}
