namespace Octavo.ServingRuntime.Engine.ModelLoader.Gguf;

/// <summary>An architecture's own keys (llama.block_count and the like), by their names without the architecture.</summary>
internal sealed class GgufFacts(GgufModel model, string architecture)
{
    public int Heads => PositiveInt("attention.head_count");

    public int KeyValueHeads => OptionalInt("attention.head_count_kv") ?? Heads;

    public int HiddenSize => PositiveInt("embedding_length");

    public int HeadDim => OptionalInt("attention.key_length") ?? (HiddenSize % Heads == 0 ? HiddenSize / Heads : throw Missing("attention.key_length"));

    public bool Has(string key) => model.Metadata.Has(Name(key));

    public int PositiveInt(string key) => OptionalInt(key) ?? throw Missing(key);

    /// <summary>Above 0; null where absent. An array of one value for each layer counts where all are equal.</summary>
    public int? OptionalInt(string key)
    {
        if (!Has(key))
        {
            return null;
        }

        var number = model.Metadata.IsArray(Name(key)) ? Uniform(key) : model.Metadata.Integer(Name(key));
        return number is > 0 and <= int.MaxValue ? (int)number : throw new CheckpointException($"{model.Path}: metadata key {Name(key)} is {number}, not from 1 to {int.MaxValue}");
    }

    public double? OptionalNumber(string key) => model.Metadata.Number(Name(key)) is not { } number ? null
        : double.IsFinite(number) ? number : throw new CheckpointException($"{model.Path}: metadata key {Name(key)} is {number}");

    public double PositiveNumber(string key) => OptionalNumber(key) switch
    {
        null => throw Missing(key),
        > 0 and var number => number,
        var number => throw new CheckpointException($"{model.Path}: metadata key {Name(key)} is {number}, not above 0"),
    };

    public bool? Flag(string key) => model.Metadata.Flag(Name(key));

    public string? Text(string key) => model.Metadata.Text(Name(key));

    /// <exception cref="CheckpointException">The key says something other than what is computed.</exception>
    public void Refuse(string key, Func<double, bool> isWrong, string reason)
    {
        if (model.Metadata.Number(Name(key)) is { } number && isWrong(number))
        {
            throw new CheckpointException($"{model.Path}: metadata key {Name(key)} is {number}: {reason}");
        }
    }

    public string Name(string key) => $"{architecture}.{key}";

    private long Uniform(string key)
    {
        var numbers = model.Metadata.Numbers(Name(key))!;
        return numbers.Count > 0 && numbers.All(number => number == numbers[0]) && numbers[0] is >= 0 and <= int.MaxValue
            ? (long)numbers[0]
            : throw new CheckpointException($"{model.Path}: metadata key {Name(key)} differs between layers, which is not supported");
    }

    private CheckpointException Missing(string key) => new($"{model.Path}: metadata key {Name(key)} is missing");
}
