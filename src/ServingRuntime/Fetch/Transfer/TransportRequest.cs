namespace Octavo.ServingRuntime.Fetch.Transfer;

/// <summary>A request that can be sent again, to where it is redirected.</summary>
/// <param name="Uri">Where to.</param>
/// <param name="What">For messages: what is asked for, without secrets.</param>
internal sealed record TransportRequest(Uri Uri, string What)
{
    public HttpMethod Method { get; init; } = HttpMethod.Get;

    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>The Authorization header. Goes to the origin of <see cref="Uri"/> only, never to where that redirects.</summary>
    public string? Authorization { get; init; }

    /// <summary>Fields of a form to post; null: no body.</summary>
    public IReadOnlyDictionary<string, string>? Form { get; init; }

    public bool FollowRedirects { get; init; } = true;
}
