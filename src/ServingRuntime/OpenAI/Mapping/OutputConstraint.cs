using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.StructuredOutput;

namespace Octavo.ServingRuntime.OpenAI.Mapping;

/// <summary>What an answer must look like, and the field that asks for it.</summary>
internal sealed record OutputConstraint(GrammarSpec Spec, string Field)
{
    /// <summary>Compiles it, on the compiler's threads and within its budgets.</summary>
    /// <exception cref="InvalidRequestException">It is malformed, cannot be enforced, or is too large.</exception>
    /// <exception cref="ApiException">503: too many others are being compiled.</exception>
    public async Task<ITokenConstraintSource> CompileAsync(GrammarCompiler compiler, CancellationToken cancellationToken)
    {
        try
        {
            return await compiler.CompileAsync(Spec, cancellationToken);
        }
        catch (GrammarException e) when (e.Fault == GrammarFault.Busy)
        {
            throw new ApiException(503, e.Message, Field, "queue_full", TimeSpan.FromSeconds(1));
        }
        catch (GrammarException e)
        {
            throw new InvalidRequestException($"'{Field}' cannot be enforced: {e.Message}", Field, e.Fault == GrammarFault.TooComplex ? "constraint_too_complex" : "invalid_value");
        }
    }
}
