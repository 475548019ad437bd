namespace Octavo.LocalCluster.ApiServer.Cel;

/// <summary>An expression that cannot be read or evaluated.</summary>
/// <param name="message">What the CEL library of the real server says.</param>
/// <param name="position">The offset in the source; -1 where there is none.</param>
internal sealed class CelException(string message, int position = -1) : Exception(message)
{
    public int Position { get; } = position;
}
