using Octavo.ServingRuntime.Engine.ModelLoader;

namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>Architectures that the engine knows, by the name that config.json gives.</summary>
public static class ModelRegistry
{
    private static readonly IReadOnlyDictionary<string, Func<ModelConfig, WeightLoader, int, ICausalLM>> Factories =
        new Dictionary<string, Func<ModelConfig, WeightLoader, int, ICausalLM>>(StringComparer.Ordinal)
        {
            ["LlamaForCausalLM"] = LlamaForCausalLM.Create,
            ["LLaMAForCausalLM"] = LlamaForCausalLM.Create,
            ["MistralForCausalLM"] = MistralForCausalLM.Create,
            ["MixtralForCausalLM"] = MixtralForCausalLM.Create,
            ["Qwen2ForCausalLM"] = Qwen2ForCausalLM.Create,
            ["Qwen2MoeForCausalLM"] = Qwen2MoeForCausalLM.Create,
            ["Qwen3ForCausalLM"] = Qwen3ForCausalLM.Create,
            ["Qwen3MoeForCausalLM"] = Qwen3MoeForCausalLM.Create,
            ["Phi3ForCausalLM"] = Phi3ForCausalLM.Create,
            ["GemmaForCausalLM"] = GemmaForCausalLM.Create,
            ["Gemma2ForCausalLM"] = GemmaForCausalLM.CreateGemma2,
            ["Gemma3ForCausalLM"] = GemmaForCausalLM.CreateGemma3,
            ["GlmForCausalLM"] = GlmForCausalLM.Create,
            ["Glm4ForCausalLM"] = GlmForCausalLM.CreateGlm4,
            ["ChatGLMModel"] = ChatGLMModel.Create,
            ["ChatGLMForConditionalGeneration"] = ChatGLMModel.Create,
        };

    public static IEnumerable<string> Architectures => Factories.Keys.Order(StringComparer.Ordinal);

    /// <param name="maxModelLen">Positions that the model must be ready for.</param>
    /// <exception cref="CheckpointException">Unknown architecture, or weights that do not match.</exception>
    public static ICausalLM Create(ModelConfig config, WeightLoader weights, int maxModelLen) =>
        Factories.TryGetValue(config.Architecture, out var factory)
            ? factory(config, weights, maxModelLen)
            : throw new CheckpointException($"architectures: {config.Architecture} is not supported; supported: {string.Join(", ", Architectures)}");
}
