namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>What transformers takes where a config.json is silent (its <c>configuration_*.py</c>), as far as architectures differ.</summary>
internal sealed record ArchitectureDefaults
{
    public double RmsNormEps { get; init; } = 1e-6;

    /// <summary>Null: hidden size over heads.</summary>
    public int? HeadDim { get; init; }

    public bool TieWordEmbeddings { get; init; }

    public double RopeTheta { get; init; } = 10000;

    public double PartialRotaryFactor { get; init; } = 1;

    public static ArchitectureDefaults Of(string architecture) => architecture switch
    {
        "GemmaForCausalLM" or "Gemma2ForCausalLM" => new() { HeadDim = 256, TieWordEmbeddings = true },
        "Gemma3ForCausalLM" => new() { HeadDim = 256, TieWordEmbeddings = true, RopeTheta = 1e6 },
        "GlmForCausalLM" or "Glm4ForCausalLM" => new() { HeadDim = 128, RmsNormEps = 1.5625e-7, PartialRotaryFactor = 0.5 },
        "MixtralForCausalLM" => new() { RmsNormEps = 1e-5, RopeTheta = 1e6 },
        "Phi3ForCausalLM" => new() { RmsNormEps = 1e-5 },
        "Qwen3ForCausalLM" => new() { HeadDim = 128 },
        _ => new(),
    };
}
