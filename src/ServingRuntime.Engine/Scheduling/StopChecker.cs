using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.Engine.Scheduling;

/// <summary>Decides whether a request ends with its newest token.</summary>
public static class StopChecker
{
    /// <returns>Null while it goes on; the stop token where it was one of <see cref="SamplingParams.StopTokenIds"/>.</returns>
    public static (FinishReason Reason, int? StopTokenId)? Check(Request request, int maxModelLen)
    {
        var parameters = request.SamplingParams;
        if (request.NumOutputTokens >= parameters.MinTokens)
        {
            var token = request.Tokens[^1];
            if (!parameters.IgnoreEos && request.EosTokenIds.AsSpan().Contains(token))
            {
                return (FinishReason.Stop, null);
            }

            if (request.StopTokenIds.AsSpan().Contains(token))
            {
                return (FinishReason.Stop, token);
            }
        }

        return request.NumTokens >= maxModelLen || request.NumOutputTokens >= parameters.MaxTokens ? (FinishReason.Length, null) : null;
    }
}
