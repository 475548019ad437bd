using System.Text.Json.Nodes;

namespace Octavo.EngineBench.Checkpoints;

/// <summary>One random model in every form that is measured. Each file holds the same numbers as far as its format can.</summary>
internal sealed class RandomCheckpoint(ModelShape shape, int seed)
{
    private readonly RandomWeights weights = new((ulong)seed);
    private readonly InventedVocabulary vocabulary = InventedVocabulary.Create(shape.VocabularySize, seed);

    /// <summary>Forms by name, and where each one's file or folder lies.</summary>
    public static IReadOnlyDictionary<string, string> Forms { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["bf16"] = "bf16", ["awq"] = "awq", ["gguf-bf16"] = "model-bf16.gguf", ["gguf-f16"] = "model-f16.gguf", ["gguf-q4_0"] = "model-q4_0.gguf",
    };

    /// <returns>What was written.</returns>
    public string Write(string folder, string form)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, Forms[form]);
        var gguf = new GgufWriter(shape, vocabulary, weights);
        switch (form)
        {
            case "bf16":
                WriteBFloat16(path);
                break;
            case "awq":
                WriteAwq(path);
                break;
            case "gguf-bf16":
                gguf.Write(path, WeightFormats.BFloat16, WeightFormats.BFloat16, 32);
                break;
            case "gguf-f16":
                gguf.Write(path, WeightFormats.Float16, WeightFormats.Float16, 1);
                break;
            default:
                // Embeddings in 8 bits: what llama-quantize chooses where rows are no multiple of its blocks of 256.
                gguf.Write(path, WeightFormats.Q40, WeightFormats.Q80, 2);
                break;
        }

        return path;
    }

    private void WriteBFloat16(string path)
    {
        Directory.CreateDirectory(path);
        var file = new SafetensorsWriter();
        foreach (var tensor in shape.Tensors())
        {
            AddPlain(file, tensor, WeightFormats.BFloat16);
        }

        file.WriteTo(Path.Combine(path, "model.safetensors"));
        HuggingFaceFiles.Write(path, shape, vocabulary, "bfloat16");
    }

    private void WriteAwq(string path)
    {
        Directory.CreateDirectory(path);
        int[] sizes = [shape.HiddenSize, shape.IntermediateSize, shape.Heads * shape.HeadSize];
        var groupSize = ((int[])[128, 64, 32]).First(size => Array.TrueForAll(sizes, width => width % size == 0));
        var file = new SafetensorsWriter();
        foreach (var tensor in shape.Tensors())
        {
            if (!tensor.IsMatrix || tensor.IsEmbedding)
            {
                AddPlain(file, tensor, WeightFormats.Float16);
                continue;
            }

            int inputs = tensor.Columns, outputs = tensor.Rows, groups = inputs / groupSize;
            AwqMatrix? matrix = null;
            file.Add(tensor.Prefix + ".qweight", "I32", [inputs, outputs / 8], (long)inputs * outputs / 2, stream =>
            {
                matrix = new AwqMatrix(weights, tensor, groupSize);
                matrix.WriteWords(stream);
            });
            file.Add(tensor.Prefix + ".qzeros", "I32", [groups, outputs / 8], (long)groups * outputs / 2, stream => matrix!.WriteZeros(stream));
            file.Add(tensor.Prefix + ".scales", "F16", [groups, outputs], (long)groups * outputs * 2, stream =>
            {
                matrix!.WriteScales(stream);
                matrix = null;
            });
        }

        file.WriteTo(Path.Combine(path, "model.safetensors"));
        HuggingFaceFiles.Write(path, shape, vocabulary, "float16", new JsonObject
        {
            ["quant_method"] = "awq", ["bits"] = 4, ["group_size"] = groupSize, ["zero_point"] = true, ["version"] = "gemm", ["modules_to_not_convert"] = null,
        });
    }

    private void AddPlain(SafetensorsWriter file, CheckpointTensor tensor, WeightFormat format) =>
        file.Add(tensor.Name, format.Name, tensor.IsMatrix ? [tensor.Rows, tensor.Columns] : [tensor.Columns], format.Bytes(tensor.Elements), stream => WeightFormats.Write(weights, tensor, format, stream));
}
