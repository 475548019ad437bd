namespace Octavo.LocalCluster.ApiServer.Http;

/// <summary>One cause of a failed request. Parts that are null are left out of the answer.</summary>
internal sealed record StatusCause(string? Reason, string Message, string? Field);
