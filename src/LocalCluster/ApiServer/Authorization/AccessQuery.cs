using Octavo.LocalCluster.ApiServer.Authentication;

namespace Octavo.LocalCluster.ApiServer.Authorization;

/// <summary>May this user do that? Either to a resource, or to a path that is none.</summary>
/// <param name="Resource">Plural, with `/subresource` where one is meant.</param>
/// <param name="Path">Set for what is no resource; the other parts are empty then.</param>
internal sealed record AccessQuery(UserInfo User, string Verb, string Group, string Resource, string Namespace, string Name, string? Path = null);
