using Octavo.ServingRuntime.Engine.ModelLoader;

namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>Architectures that the engine knows, by the name that config.json gives.</summary>
public static class ModelRegistry
{
    private static readonly IReadOnlyDictionary<string, Func<ModelConfig, WeightLoader, int, ICausalLM>> Factories =
        new Dictionary<string, Func<ModelConfig, WeightLoader, int, ICausalLM>>(StringComparer.Ordinal)
        {
            ["LlamaForCausalLM"] = (config, weights, maxModelLen) => new LlamaForCausalLM(config, weights, maxModelLen),
        };

    public static IEnumerable<string> Architectures => Factories.Keys.Order(StringComparer.Ordinal);

    /// <param name="maxModelLen">Positions that the model must be ready for.</param>
    /// <exception cref="CheckpointException">Unknown architecture, or weights that do not match.</exception>
    public static ICausalLM Create(ModelConfig config, WeightLoader weights, int maxModelLen) =>
        Factories.TryGetValue(config.Architecture, out var factory)
            ? factory(config, weights, maxModelLen)
            : throw new CheckpointException($"architectures: {config.Architecture} is not supported; supported: {string.Join(", ", Architectures)}");
}
