namespace Octavo.EngineBench.Checkpoints;

/// <summary>Sizes of a Qwen2 model. Speed depends on these and not on what weights hold.</summary>
internal sealed record ModelShape(int Layers, int HiddenSize, int Heads, int KeyValueHeads, int HeadSize, int IntermediateSize, int VocabularySize, bool TiedEmbeddings)
{
    public const string Default = "qwen2.5-0.5b";

    public int MaxPositions { get; init; } = 32768;

    public float RopeTheta { get; init; } = 1e6f;

    public float NormEpsilon { get; init; } = 1e-6f;

    /// <summary>Published shapes by name.</summary>
    public static IReadOnlyDictionary<string, ModelShape> Known { get; } = new Dictionary<string, ModelShape>(StringComparer.Ordinal)
    {
        [Default] = new(24, 896, 14, 2, 64, 4864, 151936, TiedEmbeddings: true),
        ["qwen2.5-1.5b"] = new(28, 1536, 12, 2, 128, 8960, 151936, TiedEmbeddings: true),
        ["qwen2.5-7b"] = new(28, 3584, 28, 4, 128, 18944, 152064, TiedEmbeddings: false),
    };

    /// <summary>What does not fit together, all at once.</summary>
    public IReadOnlyList<string> Validate()
    {
        var errors = new List<string>();
        Require(Layers > 0 && HiddenSize > 0 && Heads > 0 && KeyValueHeads > 0 && HeadSize > 0 && IntermediateSize > 0, "sizes are above 0");
        Require(KeyValueHeads > 0 && Heads % KeyValueHeads == 0, $"{Heads} heads cannot share {KeyValueHeads} heads of keys and values");
        Require(HeadSize % 2 == 0, $"heads of {HeadSize} cannot be rotated");
        Require(HiddenSize % 32 == 0 && IntermediateSize % 32 == 0 && Heads * HeadSize % 32 == 0, "quantised formats need multiples of 32 as widths");
        Require(VocabularySize >= InventedVocabulary.Smallest, $"a vocabulary of bytes and special tokens has {InventedVocabulary.Smallest} tokens at least");
        return errors;

        void Require(bool condition, string error)
        {
            if (!condition)
            {
                errors.Add(error);
            }
        }
    }

    /// <summary>All tensors in the order in which they are written.</summary>
    public IReadOnlyList<CheckpointTensor> Tensors()
    {
        int queries = Heads * HeadSize, keys = KeyValueHeads * HeadSize;
        var tensors = new List<CheckpointTensor> { CheckpointTensor.Matrix("model.embed_tokens", "token_embd", VocabularySize, HiddenSize) with { IsEmbedding = true } };
        for (var i = 0; i < Layers; i++)
        {
            string layer = $"model.layers.{i}", block = $"blk.{i}";
            tensors.AddRange(
            [
                CheckpointTensor.Norm($"{layer}.input_layernorm", $"{block}.attn_norm", HiddenSize),
                CheckpointTensor.Matrix($"{layer}.self_attn.q_proj", $"{block}.attn_q", queries, HiddenSize),
                CheckpointTensor.Bias($"{layer}.self_attn.q_proj", $"{block}.attn_q", queries),
                CheckpointTensor.Matrix($"{layer}.self_attn.k_proj", $"{block}.attn_k", keys, HiddenSize),
                CheckpointTensor.Bias($"{layer}.self_attn.k_proj", $"{block}.attn_k", keys),
                CheckpointTensor.Matrix($"{layer}.self_attn.v_proj", $"{block}.attn_v", keys, HiddenSize),
                CheckpointTensor.Bias($"{layer}.self_attn.v_proj", $"{block}.attn_v", keys),
                CheckpointTensor.Matrix($"{layer}.self_attn.o_proj", $"{block}.attn_output", HiddenSize, queries),
                CheckpointTensor.Norm($"{layer}.post_attention_layernorm", $"{block}.ffn_norm", HiddenSize),
                CheckpointTensor.Matrix($"{layer}.mlp.gate_proj", $"{block}.ffn_gate", IntermediateSize, HiddenSize),
                CheckpointTensor.Matrix($"{layer}.mlp.up_proj", $"{block}.ffn_up", IntermediateSize, HiddenSize),
                CheckpointTensor.Matrix($"{layer}.mlp.down_proj", $"{block}.ffn_down", HiddenSize, IntermediateSize),
            ]);
        }

        tensors.Add(CheckpointTensor.Norm("model.norm", "output_norm", HiddenSize));
        if (!TiedEmbeddings)
        {
            tensors.Add(CheckpointTensor.Matrix("lm_head", "output", VocabularySize, HiddenSize) with { IsEmbedding = true });
        }

        return tensors;
    }
}
