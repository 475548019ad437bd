using Microsoft.Extensions.Logging;

namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>Makes a ready engine: options checked, weights loaded, KV blocks allocated.</summary>
public static class EngineCoreFactory
{
    /// <exception cref="EngineStartException">Options, checkpoint or memory do not allow a start; the message says which and why.</exception>
    public static IEngineCore Create(EngineOptions options, TimeProvider timeProvider, ILogger logger)
    {
        var errors = EngineOptionsValidator.Validate(options);
        if (errors.Count > 0)
        {
            throw new EngineStartException("invalid engine options: " + string.Join("; ", errors));
        }

        throw new NotSupportedException("the engine core is not built yet");
    }
}
