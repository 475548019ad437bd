namespace Octavo.Gateway.Routing;

/// <summary>Two Services offer one model name: requests go to the winner.</summary>
internal sealed record ModelCollision(string Name, string WinnerKey, string LoserKey);
