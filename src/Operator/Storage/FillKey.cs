using System.Text.Json;
using Octavo.KubernetesClient;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Storage;

/// <summary>
/// What makes several services want one and the same fetch: the model, the claim, and all that decides whether and from where it can be had: credentials,
/// identity, variables. Not what it costs: time, resources, nodes.
/// </summary>
/// <param name="Namespace">Of the services and the Job.</param>
/// <param name="Claim">Where the model is to lie.</param>
/// <param name="Hash">Of all of it; a label's value and part of a name.</param>
internal sealed record FillKey(string Namespace, string Claim, string Hash)
{
    /// <summary>Of namespace and hash: what Jobs and their pods are found by.</summary>
    public string Index => IndexOf(Namespace, Hash);

    public static string IndexOf(string? namespaceName, string hash) => $"{namespaceName}/{hash}";

    /// <summary>Null where no Job fetches the service's model.</summary>
    public static FillKey? Of(V1Alpha1InferenceService service)
    {
        if (service.Spec.Storage?.Fill is not ModelSource.FillByJob || ModelStorage.SourceOf(service) is not { IsFilledByJob: true, Claim: { } claim })
        {
            return null;
        }

        var spec = service.Spec;
        var identity = JsonSerializer.SerializeToNode(new
        {
            claim,
            uri = spec.Model.Uri,
            sha256 = spec.Model.Sha256?.ToLowerInvariant(),
            secret = spec.Model.SecretRef?.Name,
            account = spec.PodTemplate?.ServiceAccountName,
            noTokenizer = spec.Runtime?.Engine?.SkipTokenizerInit == true,
            env = spec.Runtime?.Env is { Count: > 0 } env ? KubernetesJson.ToNode(env) : null,
        })!;
        return new FillKey(service.Metadata.NamespaceProperty!, claim, AppliedFields.Hash(identity));
    }
}
