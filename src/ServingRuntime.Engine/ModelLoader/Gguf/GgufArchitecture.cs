namespace Octavo.ServingRuntime.Engine.ModelLoader.Gguf;

/// <summary>An architecture of GGUF files: which of Hugging Face's it is, and what its tensors are called there. The defaults are Llama's.</summary>
internal sealed record GgufArchitecture
{
    private static readonly Dictionary<string, string> LlamaLayer = new(StringComparer.Ordinal)
    {
        ["attn_norm"] = "input_layernorm", ["attn_q"] = "self_attn.q_proj", ["attn_k"] = "self_attn.k_proj", ["attn_v"] = "self_attn.v_proj", ["attn_output"] = "self_attn.o_proj",
        ["attn_q_norm"] = "self_attn.q_norm", ["attn_k_norm"] = "self_attn.k_norm", ["ffn_norm"] = "post_attention_layernorm",
        ["ffn_gate"] = "mlp.gate_proj", ["ffn_up"] = "mlp.up_proj", ["ffn_down"] = "mlp.down_proj", ["ffn_gate_inp"] = "mlp.gate",
        ["ffn_gate_inp_shexp"] = "mlp.shared_expert_gate", ["ffn_gate_shexp"] = "mlp.shared_expert.gate_proj", ["ffn_up_shexp"] = "mlp.shared_expert.up_proj", ["ffn_down_shexp"] = "mlp.shared_expert.down_proj",
    };

    private static readonly IReadOnlyList<GgufArchitecture> All =
    [
        new() { Name = "llama", HuggingFaceName = "LlamaForCausalLM", PairsNeighbours = true },
        new()
        {
            Name = "llama", HuggingFaceName = "MixtralForCausalLM", PairsNeighbours = true, HasExperts = true,
            Experts = "block_sparse_moe.experts", ExpertNames = ("w1", "w3", "w2"), LayerNames = With(("ffn_gate_inp", "block_sparse_moe.gate")),
        },
        new() { Name = "qwen2", HuggingFaceName = "Qwen2ForCausalLM" },
        new() { Name = "qwen2moe", HuggingFaceName = "Qwen2MoeForCausalLM", HasExperts = true },
        new() { Name = "qwen3", HuggingFaceName = "Qwen3ForCausalLM" },
        new() { Name = "qwen3moe", HuggingFaceName = "Qwen3MoeForCausalLM", HasExperts = true },
        new() { Name = "phi3", HuggingFaceName = "Phi3ForCausalLM", LayerNames = With(("attn_qkv", "self_attn.qkv_proj"), ("ffn_up", "mlp.gate_up_proj")) },
        new() { Name = "gemma", HuggingFaceName = "GemmaForCausalLM", NormsHoldOne = true },
        new() { Name = "gemma2", HuggingFaceName = "Gemma2ForCausalLM", NormsHoldOne = true, LayerNames = GemmaLayer() },
        new() { Name = "gemma3", HuggingFaceName = "Gemma3ForCausalLM", NormsHoldOne = true, LayerNames = GemmaLayer() },
        new()
        {
            Name = "glm4", HuggingFaceName = "Glm4ForCausalLM",
            LayerNames = With(("post_attention_norm", "post_self_attn_layernorm"), ("post_ffw_norm", "post_mlp_layernorm"), ("ffn_up", "mlp.gate_up_proj")),
        },
        new() { Name = "chatglm", HuggingFaceName = "GlmForCausalLM", LayerNames = With(("ffn_up", "mlp.gate_up_proj")) },
        new()
        {
            Name = "chatglm", HuggingFaceName = "ChatGLMModel", HasFusedAttention = true,
            Embedding = "transformer.embedding.word_embeddings", Norm = "transformer.encoder.final_layernorm", Head = "transformer.output_layer", Layers = "transformer.encoder.layers",
            LayerNames = With(("attn_qkv", "self_attention.query_key_value"), ("attn_output", "self_attention.dense"), ("ffn_up", "mlp.dense_h_to_4h"), ("ffn_down", "mlp.dense_4h_to_h")),
        },
    ];

    /// <summary>general.architecture.</summary>
    public required string Name { get; init; }

    public required string HuggingFaceName { get; init; }

    /// <summary>Whether queries and keys are rotated by neighbours where Hugging Face rotates halves, and their rows are ordered accordingly.</summary>
    public bool PairsNeighbours { get; init; }

    /// <summary>Whether norm weights are stored with the 1 that Hugging Face's model adds.</summary>
    public bool NormsHoldOne { get; init; }

    public bool HasExperts { get; init; }

    /// <summary>Told by tensors: whether queries, keys and values are one matrix for Hugging Face, too.</summary>
    public bool HasFusedAttention { get; init; }

    public string Experts { get; init; } = "mlp.experts";

    public (string Gate, string Up, string Down) ExpertNames { get; init; } = ("gate_proj", "up_proj", "down_proj");

    public string Embedding { get; init; } = "model.embed_tokens";

    public string Norm { get; init; } = "model.norm";

    public string Head { get; init; } = "lm_head";

    public string Layers { get; init; } = "model.layers";

    /// <summary>Of a layer's tensors, without .weight and .bias.</summary>
    public IReadOnlyDictionary<string, string> LayerNames { get; init; } = LlamaLayer;

    public static IEnumerable<string> Names => All.Select(architecture => architecture.Name).Distinct();

    /// <exception cref="CheckpointException">An architecture that is not built, by name.</exception>
    public static GgufArchitecture Of(GgufModel model)
    {
        var name = model.Metadata.Text("general.architecture") ?? throw new CheckpointException($"{model.Path}: metadata key general.architecture is missing");
        var hasExperts = model.Metadata.Integer($"{name}.expert_count") > 0;
        var hasFusedAttention = model.Tensors.ContainsKey("blk.0.attn_qkv.weight");
        return All.Where(one => one.Name == name).OrderByDescending(one => one.HasExperts == hasExperts).ThenByDescending(one => one.HasFusedAttention == hasFusedAttention).FirstOrDefault()
            ?? throw new CheckpointException($"{model.Path}: general.architecture '{name}' is not supported; supported: {string.Join(", ", Names)}");
    }

    private static Dictionary<string, string> GemmaLayer() => With(
        ("post_attention_norm", "post_attention_layernorm"), ("ffn_norm", "pre_feedforward_layernorm"), ("post_ffw_norm", "post_feedforward_layernorm"));

    private static Dictionary<string, string> With(params ReadOnlySpan<(string Gguf, string HuggingFace)> changes)
    {
        var names = new Dictionary<string, string>(LlamaLayer, StringComparer.Ordinal);
        foreach (var (gguf, huggingFace) in changes)
        {
            names[gguf] = huggingFace;
        }

        return names;
    }
}
