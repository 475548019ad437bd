namespace Octavo.ControllerRuntime.Cache;

/// <summary>Why a cache is not kept at the moment.</summary>
/// <param name="Reason">The failure, for people.</param>
/// <param name="IsRefusal">The server answered that it does not show this kind (401, 403) or does not serve it (404).</param>
public sealed record CacheTrouble(string Reason, bool IsRefusal);
