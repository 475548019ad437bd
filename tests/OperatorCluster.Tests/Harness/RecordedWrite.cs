namespace Octavo.OperatorCluster.Tests.Harness;

/// <summary>A write that an operator asked for.</summary>
/// <param name="At">Position among all writes of all operators.</param>
/// <param name="Kind">Of the object: Lease, Deployment.</param>
internal sealed record RecordedWrite(long At, string Operator, string Verb, string Kind);
