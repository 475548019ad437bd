namespace Octavo.LocalCluster.ApiServer.Faults;

/// <summary>What a rule looks at. The same target asked for again is another occurrence.</summary>
/// <param name="Resource">Plural with its group, as in deployments.apps.</param>
/// <param name="Client">The User-Agent.</param>
internal sealed record FaultTarget(string Verb, string Resource, string Namespace, string Name, string Client);
