using Octavo.KubernetesClient.Models;
using Octavo.Operator.Dialects;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Resources;

/// <summary>The variables of a container: the dialect's, then the user's.</summary>
internal static class PodEnvironment
{
    /// <param name="inputs">What the pod is made from.</param>
    /// <param name="dialect">Of the container's program.</param>
    public static IReadOnlyList<V1EnvVar> Of(PodTemplateInputs inputs, IRuntimeDialect dialect)
    {
        var wished = (inputs.Service.Spec.Runtime?.Env ?? []).Where(e => !dialect.OwnVariables.Contains(e.Name)).Select(Variable).ToList();
        return [.. dialect.Environment(inputs).Where(own => wished.All(w => w.Name != own.Name)), .. wished];
    }

    private static V1EnvVar Variable(EnvVarSpec variable) => new()
    {
        Name = variable.Name,
        Value = variable.Value,
        ValueFrom = variable.ValueFrom is not { } source ? null : new V1EnvVarSource
        {
            SecretKeyRef = source.SecretKeyRef is { } secret ? new V1SecretKeySelector { Name = secret.Name, Key = secret.Key, Optional = secret.Optional } : null,
            ConfigMapKeyRef = source.ConfigMapKeyRef is { } map ? new V1ConfigMapKeySelector { Name = map.Name, Key = map.Key, Optional = map.Optional } : null,
        },
    };
}
