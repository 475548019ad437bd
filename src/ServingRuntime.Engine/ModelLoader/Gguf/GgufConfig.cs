using System.Text;
using System.Text.Json.Nodes;

namespace Octavo.ServingRuntime.Engine.ModelLoader.Gguf;

/// <summary>A GGUF model's metadata as the config.json that Hugging Face's checkpoint of the same model has, so that everything behind it knows one form only.</summary>
internal static class GgufConfig
{
    /// <returns>JSON.</returns>
    /// <exception cref="CheckpointException">A key is missing, or says what is not computed.</exception>
    public static byte[] ToJson(GgufModel model)
    {
        var architecture = GgufArchitecture.Of(model);
        var facts = new GgufFacts(model, architecture.Name);
        CheckSupported(facts);
        var config = architecture.HuggingFaceName == "ChatGLMModel" ? ChatGlm(model, facts) : Standard(model, architecture, facts);
        config["architectures"] = new JsonArray(architecture.HuggingFaceName);
        config["tie_word_embeddings"] = !model.Tensors.ContainsKey("output.weight");
        config["torch_dtype"] = DTypeOf(model);
        config["quantization_config"] = new JsonObject { ["quant_method"] = "gguf" };
        return Encoding.UTF8.GetBytes(config.ToJsonString());
    }

    private static void CheckSupported(GgufFacts facts)
    {
        facts.Refuse("expert_gating_func", number => number is not (0 or 1), "only experts that are rated by softmax are supported");
        facts.Refuse("expert_group_count", number => number > 1, "groups of experts are not supported");
        facts.Refuse("expert_weights_scale", number => number is not (0 or 1), "a scale of experts' weights is not supported");
        facts.Refuse("leading_dense_block_count", number => number > 0, "dense layers before experts are not supported");
        facts.Refuse("nextn_predict_layers", number => number > 0, "layers that predict further tokens are not supported");
        facts.Refuse("attention.value_length", number => number != facts.HeadDim, "values of another size than keys are not supported");
        facts.Refuse("attention.scale", number => number != 0 && Math.Abs((number * Math.Sqrt(facts.HeadDim)) - 1) > 1e-5, "a scale of attention of its own is not supported");
        facts.Refuse("attention.clamp_kqv", number => number > 0, "bounds of queries, keys and values are not supported");
        facts.Refuse("attention.max_alibi_bias", number => number > 0, "ALiBi is not supported");
        facts.Refuse("logit_scale", number => number is not (0 or 1), "a scale of logits is not supported");
        if (facts.Flag("attention.causal") == false)
        {
            throw new CheckpointException($"{facts.Name("attention.causal")}: attention to later tokens is not supported");
        }
    }

    private static JsonObject Standard(GgufModel model, GgufArchitecture architecture, GgufFacts facts)
    {
        var config = new JsonObject
        {
            ["vocab_size"] = VocabSize(model),
            ["hidden_size"] = facts.HiddenSize,
            ["intermediate_size"] = facts.OptionalInt("feed_forward_length") ?? RowsOf(model, "blk.0.ffn_gate_exps.weight"),
            ["num_hidden_layers"] = facts.PositiveInt("block_count"),
            ["num_attention_heads"] = facts.Heads,
            ["num_key_value_heads"] = facts.KeyValueHeads,
            ["head_dim"] = facts.HeadDim,
            ["max_position_embeddings"] = facts.PositiveInt("context_length"),
            ["rms_norm_eps"] = facts.PositiveNumber("attention.layer_norm_rms_epsilon"),
            ["attention_bias"] = model.Tensors.ContainsKey("blk.0.attn_q.bias") || model.Tensors.ContainsKey("blk.0.attn_qkv.bias"),
            ["mlp_bias"] = model.Tensors.ContainsKey("blk.0.ffn_up.bias"),
        };
        config["qkv_bias"] = (bool)config["attention_bias"]!;
        GgufRope.AddTo(config, model, facts);
        AddExperts(config, model, architecture, facts);
        if (architecture.Name.StartsWith("gemma", StringComparison.Ordinal))
        {
            AddGemma(config, architecture, facts);
        }
        else if (architecture.Name == "phi3" && facts.OptionalNumber("attention.sliding_window") is > 0 and var window)
        {
            config["sliding_window"] = (int)window;
        }

        return config;
    }

    /// <summary>The window alternates by the model's own rule; llama.cpp has neither a key for it nor one for the scale of attention, which the two largest models have of their own.</summary>
    private static void AddGemma(JsonObject config, GgufArchitecture architecture, GgufFacts facts)
    {
        config["hidden_activation"] = "gelu_pytorch_tanh";
        if (architecture.Name == "gemma")
        {
            return;
        }

        var layers = facts.PositiveInt("block_count");
        var is27B = (architecture.Name == "gemma2" && layers == 46) || (architecture.Name == "gemma3" && layers == 62);
        config["query_pre_attn_scalar"] = is27B ? (double)facts.HiddenSize / facts.Heads : facts.HeadDim;
        config["sliding_window"] = facts.OptionalInt("attention.sliding_window") ?? (architecture.Name == "gemma2" ? 4096 : null);
        if (architecture.Name == "gemma2")
        {
            config["attn_logit_softcapping"] = facts.OptionalNumber("attn_logit_softcapping") ?? 50;
            config["final_logit_softcapping"] = facts.OptionalNumber("final_logit_softcapping") ?? 30;
            return;
        }

        config["final_logit_softcapping"] = facts.OptionalNumber("final_logit_softcapping");
        config["sliding_window_pattern"] = facts.OptionalInt("attention.sliding_window_pattern") ?? 6;
        config["rope_local_base_freq"] = facts.OptionalNumber("rope.freq_base_swa") ?? 10000;
    }

    private static void AddExperts(JsonObject config, GgufModel model, GgufArchitecture architecture, GgufFacts facts)
    {
        if (!architecture.HasExperts)
        {
            return;
        }

        config["num_experts"] = facts.PositiveInt("expert_count");
        config["num_local_experts"] = facts.PositiveInt("expert_count");
        config["num_experts_per_tok"] = facts.PositiveInt("expert_used_count");
        config["norm_topk_prob"] = facts.Flag("expert_weights_norm") ?? architecture.Name != "qwen2moe";
        if (facts.OptionalInt("expert_feed_forward_length") is { } width)
        {
            config["moe_intermediate_size"] = width;
        }
        else if (RowsOf(model, "blk.0.ffn_down_exps.weight") is not null)
        {
            config["moe_intermediate_size"] = model.Tensors["blk.0.ffn_down_exps.weight"].Columns;
        }

        config["shared_expert_intermediate_size"] = facts.OptionalInt("expert_shared_feed_forward_length")
            ?? (model.Tensors.TryGetValue("blk.0.ffn_down_shexp.weight", out var down) ? down.Columns : null);
    }

    /// <summary>In the spelling of ChatGLM's own repositories.</summary>
    private static JsonObject ChatGlm(GgufModel model, GgufFacts facts)
    {
        if (facts.OptionalInt("rope.dimension_count") is { } rotated && rotated * 2 != facts.HeadDim)
        {
            throw new CheckpointException($"{facts.Name("rope.dimension_count")}: {rotated} of {facts.HeadDim} is not half of a head");
        }

        return new JsonObject
        {
            ["padded_vocab_size"] = VocabSize(model),
            ["hidden_size"] = facts.HiddenSize,
            ["ffn_hidden_size"] = facts.PositiveInt("feed_forward_length"),
            ["num_layers"] = facts.PositiveInt("block_count"),
            ["num_attention_heads"] = facts.Heads,
            ["multi_query_attention"] = true,
            ["multi_query_group_num"] = facts.KeyValueHeads,
            ["kv_channels"] = facts.HeadDim,
            ["seq_length"] = facts.PositiveInt("context_length"),
            ["layernorm_epsilon"] = facts.PositiveNumber("attention.layer_norm_rms_epsilon"),
            ["rope_ratio"] = (facts.OptionalNumber("rope.freq_base") ?? 10000) / 10000,
            ["add_qkv_bias"] = model.Tensors.ContainsKey("blk.0.attn_qkv.bias"),
        };
    }

    private static int VocabSize(GgufModel model) => RowsOf(model, "token_embd.weight") ?? throw new CheckpointException($"{model.Path}: there is no tensor token_embd.weight");

    /// <summary>Rows of a matrix, of each matrix of a stack; null where there is none.</summary>
    private static int? RowsOf(GgufModel model, string name) => model.Tensors.TryGetValue(name, out var tensor) && tensor.Shape.Count > 1 ? tensor.Shape[^2] : null;

    /// <summary>The form of most numbers; of quantised ones the type that their products are computed in.</summary>
    private static string DTypeOf(GgufModel model) => model.Tensors.Values.Where(tensor => tensor.Shape.Count > 1).GroupBy(tensor => tensor.Format.Type)
        .OrderByDescending(group => group.Sum(tensor => tensor.Rows * (double)tensor.Columns)).Select(group => group.Key).FirstOrDefault() switch
    {
        GgufTensorType.F32 => "float32",
        GgufTensorType.F16 => "float16",
        _ => "bfloat16",
    };
}
