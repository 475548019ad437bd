using Octavo.ServingRuntime.Engine.Layers;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Engine.ModelRunner;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>Llama (transformers <c>models/llama/modeling_llama.py</c>): pre-norm decoder, rotary positions, grouped KV heads, gated MLP.</summary>
public sealed class LlamaForCausalLM : ICausalLM
{
    private readonly ActivationArena arena;
    private readonly Embedding embedTokens;
    private readonly DecoderLayer[] layers;
    private readonly RmsNorm norm;
    private readonly LMHead lmHead;
    private readonly RotaryEmbedding rotary;

    public LlamaForCausalLM(ModelConfig config, WeightLoader weights, int maxModelLen)
    {
        arena = new ActivationArena(weights.Backend);
        embedTokens = new Embedding(weights, "model.embed_tokens", config.VocabSize, config.HiddenSize);
        rotary = new RotaryEmbedding(weights.Backend, config.HeadDim, config.RopeTheta, maxModelLen);
        layers = new DecoderLayer[config.NumHiddenLayers];
        for (var i = 0; i < layers.Length; i++)
        {
            layers[i] = new DecoderLayer(config, weights, $"model.layers.{i}", rotary);
        }

        norm = new RmsNorm(weights, "model.norm", config.HiddenSize, config.RmsNormEps);
        lmHead = new LMHead(weights, config.TieWordEmbeddings ? "model.embed_tokens" : "lm_head", config.VocabSize, config.HiddenSize);

        // Some checkpoints store what is computed, or a second copy of tied weights.
        weights.Ignore(name => name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal) || (config.TieWordEmbeddings && name == "lm_head.weight"));
        weights.CheckAllUsed();
    }

    public Tensor Forward(in Tensor tokenIds, in AttentionMetadata metadata, IReadOnlyList<KeyValueBlocks> cache)
    {
        arena.Reset();
        var tokens = tokenIds.Shape[0];
        Tensor residual = arena.Take(tokens, embedTokens.HiddenSize), hidden = arena.Take(tokens, embedTokens.HiddenSize);
        embedTokens.Forward(tokenIds, residual);
        for (var i = 0; i < layers.Length; i++)
        {
            layers[i].Forward(hidden, residual, isFirst: i == 0, metadata, cache[i], arena);
        }

        norm.ForwardAdd(hidden, residual, hidden);
        return hidden;
    }

    public Tensor ComputeLogits(in Tensor hidden, in Tensor rows) => lmHead.Forward(hidden, rows, arena);

    public void Dispose()
    {
        foreach (var layer in layers)
        {
            layer.Dispose();
        }

        norm.Dispose();
        lmHead.Dispose();
        rotary.Dispose();
        arena.Dispose();
    }

    private sealed class DecoderLayer(ModelConfig config, WeightLoader weights, string prefix, RotaryEmbedding rotary) : IDisposable
    {
        private readonly RmsNorm inputNorm = new(weights, prefix + ".input_layernorm", config.HiddenSize, config.RmsNormEps);
        private readonly Attention attention = new(weights, prefix + ".self_attn", config, rotary);
        private readonly RmsNorm postAttentionNorm = new(weights, prefix + ".post_attention_layernorm", config.HiddenSize, config.RmsNormEps);
        private readonly GatedMlp mlp = new(weights, prefix + ".mlp", config.HiddenSize, config.IntermediateSize, config.MlpBias);

        /// <summary>Adds the layer's two branches to the stream: <paramref name="hidden"/> is the branch that is still to be added to <paramref name="residual"/>.</summary>
        public void Forward(in Tensor hidden, in Tensor residual, bool isFirst, in AttentionMetadata metadata, KeyValueBlocks cache, ActivationArena arena)
        {
            if (isFirst)
            {
                inputNorm.Forward(residual, hidden);
            }
            else
            {
                inputNorm.ForwardAdd(hidden, residual, hidden);
            }

            attention.Forward(hidden, metadata, cache, arena);
            postAttentionNorm.ForwardAdd(hidden, residual, hidden);
            mlp.Forward(hidden, arena);
        }

        public void Dispose()
        {
            inputNorm.Dispose();
            attention.Dispose();
            postAttentionNorm.Dispose();
            mlp.Dispose();
        }
    }
}
