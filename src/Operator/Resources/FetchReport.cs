using Octavo.KubernetesClient.Models;
using Octavo.ServingContract;

namespace Octavo.Operator.Resources;

/// <summary>
/// How a fetch tells the operator how far it has come and what it brought: progress on the pod's address while it runs, the result as the container's
/// termination message. By variables, so that a runtime of the user's that does not know them fetches all the same.
/// </summary>
internal static class FetchReport
{
    /// <summary>Pods of release 0.1 tell nothing.</summary>
    private const string FirstRevision = "1";

    private const string TerminationMessage = "/dev/termination-log";

    public static IReadOnlyList<V1EnvVar> Variables(PodTemplateInputs inputs)
    {
        // Nobody asks the pods of others, whose ports are not ours to take.
        if (inputs.Revision == FirstRevision || !inputs.Model.IsFetched || inputs.Sidecar is not null)
        {
            return [];
        }

        V1EnvVar[] own =
        [
            // Who only looks whether the model is there is done before anybody asks.
            .. inputs.Model.IsWritten ? [new() { Name = FetchFlags.ProgressHostVariable, Value = "$(POD_IP)" }] : Array.Empty<V1EnvVar>(),
            new() { Name = FetchFlags.ResultFileVariable, Value = TerminationMessage },
        ];
        return [.. own.Where(variable => inputs.Service.Spec.Runtime?.Env?.Any(e => e.Name == variable.Name) != true)];
    }
}
