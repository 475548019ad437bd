namespace Octavo.ServingRuntime.Engine.StructuredOutput;

/// <summary>A compiled constraint, immutable and shared by any number of requests.</summary>
public interface ITokenConstraintSource
{
    /// <param name="stopTokenIds">Tokens that end the request; allowed exactly where the output is complete.</param>
    ITokenConstraint Create(IReadOnlyList<int> stopTokenIds);
}
