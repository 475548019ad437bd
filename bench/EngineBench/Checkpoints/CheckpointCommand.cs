using System.CommandLine;

namespace Octavo.EngineBench.Checkpoints;

/// <summary>The verb that writes random checkpoints.</summary>
internal static class CheckpointCommand
{
    public static Command Create(TextWriter output, TextWriter errors)
    {
        var folder = new Option<string>("--output") { Description = "Folder to write to.", Required = true };
        var name = new Option<string>("--shape") { Description = $"Published shape: {string.Join(", ", ModelShape.Known.Keys)}.", DefaultValueFactory = _ => ModelShape.Default };
        name.AcceptOnlyFromAmong([.. ModelShape.Known.Keys]);
        var forms = new Option<string[]>("--form") { Description = "What to write; default: all.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [.. RandomCheckpoint.Forms.Keys] };
        forms.AcceptOnlyFromAmong([.. RandomCheckpoint.Forms.Keys]);
        var seed = new Option<int>("--seed") { Description = "Of weights and vocabulary.", DefaultValueFactory = _ => 1 };
        var layers = Size("--layers", "Layers, instead of the shape's.");
        var hidden = Size("--hidden-size", "Width of hidden states.");
        var heads = Size("--heads", "Heads of queries.");
        var keyValueHeads = Size("--kv-heads", "Heads of keys and values.");
        var headSize = Size("--head-dim", "Width of a head.");
        var intermediate = Size("--intermediate-size", "Width of the feed-forward network.");
        var vocabulary = Size("--vocab-size", "Tokens.");
        var command = new Command("random-checkpoint", "Writes one random model of a real shape as safetensors (bf16, AWQ) and GGUF (bf16, f16, Q4_0).")
        {
            folder, name, forms, seed, layers, hidden, heads, keyValueHeads, headSize, intermediate, vocabulary,
        };
        command.SetAction(parsed =>
        {
            var known = ModelShape.Known[parsed.GetValue(name)!];
            var shape = known with
            {
                Layers = parsed.GetValue(layers) ?? known.Layers,
                HiddenSize = parsed.GetValue(hidden) ?? known.HiddenSize,
                Heads = parsed.GetValue(heads) ?? known.Heads,
                KeyValueHeads = parsed.GetValue(keyValueHeads) ?? known.KeyValueHeads,
                HeadSize = parsed.GetValue(headSize) ?? known.HeadSize,
                IntermediateSize = parsed.GetValue(intermediate) ?? known.IntermediateSize,
                VocabularySize = parsed.GetValue(vocabulary) ?? known.VocabularySize,
            };
            var faults = shape.Validate();
            foreach (var fault in faults)
            {
                errors.WriteLine(fault);
            }

            if (faults.Count > 0)
            {
                return 2;
            }

            var checkpoint = new RandomCheckpoint(shape, parsed.GetValue(seed));
            foreach (var form in parsed.GetValue(forms)!)
            {
                output.WriteLine(checkpoint.Write(parsed.GetValue(folder)!, form));
            }

            return 0;
        });
        return command;
    }

    private static Option<int?> Size(string name, string description) => new(name) { Description = description };
}
