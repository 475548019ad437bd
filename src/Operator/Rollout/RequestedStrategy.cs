namespace Octavo.Operator.Rollout;

/// <summary>What the user asks for in spec.rollout.strategy.</summary>
internal enum RequestedStrategy
{
    /// <summary>A surge where room for it is proven, else in place.</summary>
    Auto,

    /// <summary>Always a surge, even where it must wait for room: a cluster autoscaler makes some.</summary>
    Surge,

    /// <summary>Always in place.</summary>
    InPlace,
}
