namespace Octavo.LocalCluster.ApiServer.Patch;

/// <summary>A patch that cannot be applied; the three parts are the Status to answer.</summary>
internal sealed class PatchException(int statusCode, string reason, string message) : Exception(message)
{
    public int StatusCode { get; } = statusCode;

    public string Reason { get; } = reason;

    /// <summary>Whether the answer carries details: {} (the generic 422) or none.</summary>
    public bool HasEmptyDetails => StatusCode == 422;
}
