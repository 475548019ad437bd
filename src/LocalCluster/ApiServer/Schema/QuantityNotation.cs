namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>The notation that a quantity was written in and is printed in.</summary>
internal enum QuantityNotation
{
    /// <summary>n, u, m, k, M, G, T, P, E.</summary>
    DecimalSuffix,

    /// <summary>Ki, Mi, Gi, Ti, Pi, Ei.</summary>
    BinarySuffix,

    /// <summary>1e3.</summary>
    DecimalExponent,
}
