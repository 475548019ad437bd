using Octavo.ServingContract;

namespace Octavo.ServingRuntime.Fetch;

/// <param name="Code">What the operator decides by.</param>
/// <param name="Message">One sentence with the path or URI.</param>
internal sealed record FetchResult(FetchExitCode Code, string Message);
