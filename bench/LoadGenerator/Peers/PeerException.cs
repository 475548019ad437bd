namespace Octavo.LoadGenerator.Peers;

/// <summary>A program that is to be measured is missing or failed.</summary>
internal sealed class PeerException(string message) : Exception(message);
