namespace Octavo.LocalCluster.ApiServer.Authentication;

/// <summary>Who sends a request.</summary>
internal sealed record UserInfo(string Name, string Uid, IReadOnlyList<string> Groups)
{
    public static UserInfo Anonymous { get; } = new("system:anonymous", "", ["system:unauthenticated"]);

    /// <summary>Further facts, such as the id of the token.</summary>
    public IReadOnlyDictionary<string, string> Extra { get; init; } = new Dictionary<string, string>();

    public bool IsAnonymous => Name == "system:anonymous";
}
