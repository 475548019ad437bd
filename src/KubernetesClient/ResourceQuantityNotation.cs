namespace Octavo.KubernetesClient;

/// <summary>The notation that a quantity was written in and is printed in.</summary>
public enum ResourceQuantityNotation
{
    /// <summary>n, u, m, k, M, G, T, P, E.</summary>
    DecimalSuffix,

    /// <summary>Ki, Mi, Gi, Ti, Pi, Ei.</summary>
    BinarySuffix,

    /// <summary>1e3.</summary>
    DecimalExponent,
}
