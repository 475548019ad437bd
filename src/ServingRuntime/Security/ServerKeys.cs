namespace Octavo.ServingRuntime.Security;

/// <summary>The two rings of keys: neither opens the other's door.</summary>
/// <param name="Api">For the API.</param>
/// <param name="Admin">For the admin listener.</param>
internal sealed record ServerKeys(ApiKeyRing Api, ApiKeyRing Admin);
