using Octavo.ServingRuntime.Engine.Layers;
using Octavo.ServingRuntime.Engine.ModelLoader;

namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>The parts of a decoder with Llama's names, so that a model's file says only what it does differently.</summary>
internal sealed class CausalDecoderBuilder(ModelConfig config, WeightLoader weights, int maxModelLen)
{
    private readonly List<RotaryEmbedding> rotaries = [];

    public ModelConfig Config => config;

    public WeightLoader Weights => weights;

    /// <summary>Added to every norm's weights.</summary>
    public float NormWeightOffset { get; init; }

    /// <summary>Factor of the embeddings.</summary>
    public float EmbeddingScale { get; init; } = 1f;

    /// <summary>Bound of the logits; 0: none.</summary>
    public float LogitSoftCap { get; init; }

    public string EmbeddingPrefix { get; init; } = "model.embed_tokens";

    public string NormPrefix { get; init; } = "model.norm";

    public string HeadPrefix { get; init; } = "lm_head";

    public RotaryEmbedding Rotary(RopeParameters? rope = null, bool interleaved = false)
    {
        var rotary = new RotaryEmbedding(weights.Backend, config, rope ?? config.Rope, maxModelLen, interleaved);
        rotaries.Add(rotary);
        return rotary;
    }

    public RmsNorm Norm(string prefix) => new(weights, prefix, config.HiddenSize, config.RmsNormEps, NormWeightOffset);

    public Attention Attention(AttentionConfig layout) => new(weights, config, layout);

    public GatedMlp Mlp(string prefix, GatedMlpNames? names = null, bool bias = false) =>
        new(weights, prefix, config.HiddenSize, config.IntermediateSize, config.Activation, names, bias);

    /// <summary>A layer with Llama's two norms.</summary>
    public DecoderLayer Layer(string prefix, AttentionConfig attention, IFeedForward feedForward) => new(Attention(attention), feedForward)
    {
        InputNorm = Norm(prefix + ".input_layernorm"), FeedForwardNorm = Norm(prefix + ".post_attention_layernorm"),
    };

    /// <param name="layer">Makes layer i, whose names begin with the prefix.</param>
    /// <param name="layersPrefix">Before the layers' numbers.</param>
    /// <exception cref="CheckpointException">Tensors are missing, misshapen or left over.</exception>
    public ICausalLM Build(Func<int, string, DecoderLayer> layer, string layersPrefix = "model.layers")
    {
        var embedding = new Embedding(weights, EmbeddingPrefix, config.VocabSize, config.HiddenSize);
        var layers = Enumerable.Range(0, config.NumHiddenLayers).Select(i => layer(i, $"{layersPrefix}.{i}")).ToArray();
        var norm = Norm(NormPrefix);
        var head = config.TieWordEmbeddings
            ? new LMHead(weights, EmbeddingPrefix, config.VocabSize, config.HiddenSize, embedding)
            : new LMHead(weights, HeadPrefix, config.VocabSize, config.HiddenSize);

        // Some checkpoints store what is computed, or a second copy of tied weights.
        weights.Ignore(name => name.EndsWith("inv_freq", StringComparison.Ordinal) || (config.TieWordEmbeddings && name == HeadPrefix + ".weight"));
        if (weights.Quantization?.Method == QuantizationMethod.Fp8)
        {
            weights.Ignore(Float8Reader.IsForActivations);
        }

        weights.CheckAllUsed();
        return new CausalDecoder(weights.Backend, embedding, layers, norm, head, rotaries)
        {
            ActivationType = weights.Backend.ActivationType(weights.LinearDType), EmbeddingScale = EmbeddingScale, LogitSoftCap = LogitSoftCap,
        };
    }
}
