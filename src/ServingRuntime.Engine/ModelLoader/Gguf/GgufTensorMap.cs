using System.Globalization;
using System.Text.RegularExpressions;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.ModelLoader.Gguf;

/// <summary>
/// A GGUF model's tensors by Hugging Face's names, with llama.cpp's conversions undone: stacks of experts and fused matrices as their parts, Llama's queries and keys in their own order of rows.
/// What has no such name keeps its own, so that the loader reports it as unused.
/// </summary>
internal sealed partial class GgufTensorMap
{
    private readonly GgufModel model;
    private readonly GgufArchitecture architecture;
    private readonly Dictionary<string, GgufRows> rows = new(StringComparer.Ordinal);
    private readonly int headDim;
    private readonly int queryRows;
    private readonly int keyRows;

    private GgufTensorMap(GgufModel model, GgufArchitecture architecture)
    {
        this.model = model;
        this.architecture = architecture;
        var facts = new GgufFacts(model, architecture.Name);
        headDim = facts.HeadDim;
        queryRows = checked(facts.Heads * headDim);
        keyRows = checked(facts.KeyValueHeads * headDim);
    }

    /// <exception cref="CheckpointException">A fused or stacked tensor has not the shape that it should.</exception>
    public static IReadOnlyDictionary<string, GgufRows> Create(GgufModel model, GgufArchitecture architecture)
    {
        var map = new GgufTensorMap(model, architecture);
        foreach (var tensor in model.Tensors.Values)
        {
            map.Add(tensor);
        }

        return map.rows;
    }

    private void Add(GgufTensor tensor)
    {
        if (LayerTensor().Match(tensor.Name) is { Success: true } match)
        {
            AddOfLayer(tensor, $"{architecture.Layers}.{match.Groups[1].Value}.", match.Groups[2].Value, match.Groups[3].Value);
            return;
        }

        switch (tensor.Name)
        {
            case "token_embd.weight":
                Whole(architecture.Embedding + ".weight", tensor);
                break;
            case "output_norm.weight":
                Whole(architecture.Norm + ".weight", tensor);
                break;
            case "output.weight":
                Whole(architecture.Head + ".weight", tensor);
                break;
            case "rope_freqs.weight" or "rope_factors_long.weight" or "rope_factors_short.weight":
                // The configuration has them.
                break;
            default:
                Whole(tensor.Name, tensor);
                break;
        }
    }

    private void AddOfLayer(GgufTensor tensor, string layer, string name, string kind)
    {
        if (architecture.LayerNames.TryGetValue(name, out var known))
        {
            var heads = architecture.PairsNeighbours && name is "attn_q" or "attn_k" ? headDim : 0;
            if (name == "ffn_gate_inp_shexp" && tensor.Shape.Count == 1)
            {
                tensor = tensor with { Shape = [1, tensor.Shape[0]] };
            }

            Part($"{layer}{known}.{kind}", tensor, 0, tensor.Shape[0], heads);
        }
        else if (name == "attn_qkv")
        {
            AddFusedAttention(tensor, layer + "self_attn.", kind);
        }
        else if (StackedExperts().Match(name) is { Success: true } stack)
        {
            AddStack(tensor, $"{layer}{architecture.Experts}.", stack.Groups[1].Value, kind);
        }
        else if (SingleExpert().Match(name) is { Success: true } single)
        {
            Whole($"{layer}{architecture.Experts}.{single.Groups[2].Value}.{ExpertName(single.Groups[1].Value)}.{kind}", tensor);
        }
        else if (name is not ("attn_rot_embd" or "rope_freqs"))
        {
            Whole(tensor.Name, tensor);
        }
    }

    private void AddFusedAttention(GgufTensor tensor, string prefix, string kind)
    {
        if (tensor.Shape[0] != queryRows + (2L * keyRows))
        {
            throw new CheckpointException($"{model.Path}: tensor {tensor.Name} has {tensor.Shape[0]} rows where {queryRows} of queries and {keyRows} each of keys and values are expected");
        }

        var heads = architecture.PairsNeighbours ? headDim : 0;
        Part($"{prefix}q_proj.{kind}", tensor, 0, queryRows, heads);
        Part($"{prefix}k_proj.{kind}", tensor, queryRows, keyRows, heads);
        Part($"{prefix}v_proj.{kind}", tensor, queryRows + keyRows, keyRows, 0);
    }

    private void AddStack(GgufTensor tensor, string prefix, string which, string kind)
    {
        if (tensor.Shape.Count != 3 || kind != "weight" || (which == "gate_up" && tensor.Shape[1] % 2 != 0))
        {
            throw new CheckpointException($"{model.Path}: tensor {tensor.Name} is no stack of matrices");
        }

        int count = tensor.Shape[0], height = tensor.Shape[1], width = tensor.Shape[2];
        for (var expert = 0; expert < count; expert++)
        {
            var first = (long)expert * height;
            var name = prefix + expert.ToString(CultureInfo.InvariantCulture) + ".";
            if (which == "gate_up")
            {
                Put($"{name}{architecture.ExpertNames.Gate}.weight", new GgufRows(tensor, new TensorShape(height / 2, width), first));
                Put($"{name}{architecture.ExpertNames.Up}.weight", new GgufRows(tensor, new TensorShape(height / 2, width), first + (height / 2)));
            }
            else
            {
                Put($"{name}{ExpertName(which)}.weight", new GgufRows(tensor, new TensorShape(height, width), first));
            }
        }
    }

    private string ExpertName(string which) => which switch
    {
        "gate" => architecture.ExpertNames.Gate,
        "up" => architecture.ExpertNames.Up,
        _ => architecture.ExpertNames.Down,
    };

    private void Whole(string name, GgufTensor tensor) => Put(name, new GgufRows(tensor, new TensorShape([.. tensor.Shape])));

    /// <summary>Rows of a matrix, or elements of a vector, whose rows are single numbers then.</summary>
    private void Part(string name, GgufTensor tensor, int first, int count, int heads)
    {
        if (heads > 0 && (heads % 2 != 0 || count % heads != 0))
        {
            throw new CheckpointException($"{model.Path}: tensor {tensor.Name} has {count} rows, which are no whole heads of {heads}");
        }

        var shape = tensor.Shape.ToArray();
        shape[0] = count;
        var isVector = shape.Length == 1 && !tensor.Format.IsQuantized;
        Put(name, new GgufRows(isVector ? tensor with { Shape = [tensor.Shape[0], 1] } : tensor, new TensorShape(shape), first, heads));
    }

    private void Put(string name, GgufRows part)
    {
        if (!rows.TryAdd(name, part))
        {
            throw new CheckpointException($"{model.Path}: tensor {part.Tensor.Name} and another one are both {name}");
        }
    }

    [GeneratedRegex(@"^blk\.(\d{1,5})\.(.+)\.(weight|bias)$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LayerTensor();

    [GeneratedRegex("^ffn_(gate_up|gate|up|down)_exps$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex StackedExperts();

    /// <summary>As files of 2023 have them.</summary>
    [GeneratedRegex(@"^ffn_(gate|up|down)\.(\d{1,5})$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SingleExpert();
}
