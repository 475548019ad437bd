using Octavo.KubernetesClient.Models;
using Octavo.Operator.Controller;
using Octavo.ServingContract;

namespace Octavo.Operator.Storage;

/// <summary>What a fetch that failed means. Pure.</summary>
internal static class FetchFailure
{
    /// <summary>To run again changes nothing until a person does something.</summary>
    public static readonly IReadOnlyList<FetchExitCode> NeedPerson =
    [
        FetchExitCode.NotFound, FetchExitCode.InvalidModel, FetchExitCode.Unauthorized, FetchExitCode.UnsupportedSource, FetchExitCode.NoSpace, FetchExitCode.ChecksumMismatch,
        FetchExitCode.DeadlineExceeded,
    ];

    /// <param name="uri">The model's.</param>
    /// <param name="path">Where it is in the container; a message that names it needs no URI.</param>
    /// <param name="failure">How the container ended.</param>
    public static Finding Of(string uri, string path, V1ContainerStateTerminated failure)
    {
        var said = PodState.LastLine(failure.Message);
        var message = said is null ? $"Fetching {uri} ended with exit code {failure.ExitCode}."
            : said.Contains(uri, StringComparison.Ordinal) || said.Contains(path, StringComparison.Ordinal) ? said
            : $"{uri}: {said}";
        var code = (FetchExitCode)failure.ExitCode;
        return NeedPerson.Contains(code) ? new Finding(false, code.ToString(), message, NeedsPerson: true)
            // These pass by themselves.
            : code is FetchExitCode.RateLimited or FetchExitCode.Network ? new Finding(false, code.ToString(), message)
            : new Finding(false, "FetchFailed", message);
    }
}
