using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace Octavo.ServingRuntime.Engine.ModelLoader.Gguf;

/// <summary>Rotary positions of a GGUF model in config.json's spelling. llama.cpp keeps Llama 3's scaling as a divisor for each frequency, which is longrope with one set of factors.</summary>
internal static class GgufRope
{
    public static void AddTo(JsonObject config, GgufModel model, GgufFacts facts)
    {
        config["rope_theta"] = facts.OptionalNumber("rope.freq_base") ?? 10000;
        var headDim = facts.HeadDim;
        var rotated = facts.OptionalInt("rope.dimension_count") ?? headDim;
        if (rotated != headDim)
        {
            // The middle between two whole numbers, so that rounding down finds the right one.
            config["partial_rotary_factor"] = (rotated + 0.5) / headDim;
        }

        if (facts.Has("rope.dimension_sections"))
        {
            throw new CheckpointException($"{facts.Name("rope.dimension_sections")}: positions of several dimensions are not supported");
        }

        if (Scaling(model, facts) is { } scaling)
        {
            config["rope_scaling"] = scaling;
        }
    }

    private static JsonObject? Scaling(GgufModel model, GgufFacts facts)
    {
        var factor = facts.OptionalNumber("rope.scaling.factor") ?? facts.OptionalNumber("rope.scale_linear");
        var original = facts.OptionalInt("rope.scaling.original_context_length");
        if (Factors(model, "rope_freqs.weight") is { } divisors)
        {
            return new JsonObject { ["type"] = "longrope", ["short_factor"] = divisors, ["long_factor"] = divisors.DeepClone(), ["attention_factor"] = 1.0 };
        }

        if (Factors(model, "rope_factors_long.weight") is { } longFactors)
        {
            return new JsonObject
            {
                ["type"] = "longrope",
                ["long_factor"] = longFactors,
                ["short_factor"] = Factors(model, "rope_factors_short.weight") ?? throw new CheckpointException($"{model.Path}: there is no tensor rope_factors_short.weight"),
                ["original_max_position_embeddings"] = original,
                ["attention_factor"] = facts.OptionalNumber("rope.scaling.attn_factor"),
            };
        }

        switch (facts.Text("rope.scaling.type"))
        {
            case null or "none" or "":
                return factor is > 0 and not 1 ? Linear(factor) : null;
            case "linear":
                return factor is > 0 and not 1 ? Linear(factor) : null;
            case "yarn":
                facts.Refuse("rope.scaling.yarn_ext_factor", number => number is not (1 or -1), "another factor of extrapolation than 1 is not supported");
                facts.Refuse("rope.scaling.yarn_log_multiplier", number => number != 0, "it is not supported");
                return new JsonObject
                {
                    ["type"] = "yarn",
                    ["factor"] = factor,
                    ["original_max_position_embeddings"] = original,
                    ["attention_factor"] = facts.OptionalNumber("rope.scaling.yarn_attn_factor"),
                    ["beta_fast"] = facts.OptionalNumber("rope.scaling.yarn_beta_fast"),
                    ["beta_slow"] = facts.OptionalNumber("rope.scaling.yarn_beta_slow"),
                    ["truncate"] = facts.Flag("rope.scaling.yarn_truncate"),
                };
            case "longrope":
                throw new CheckpointException($"{model.Path}: there is no tensor rope_factors_long.weight");
            case var other:
                throw new CheckpointException($"{model.Path}: {facts.Name("rope.scaling.type")} '{other}' is none of none, linear, yarn, longrope");
        }
    }

    private static JsonObject Linear(double? factor) => new() { ["type"] = "linear", ["factor"] = factor };

    /// <summary>A tensor of float32; null where there is none.</summary>
    private static JsonArray? Factors(GgufModel model, string name)
    {
        if (!model.Tensors.TryGetValue(name, out var tensor))
        {
            return null;
        }

        if (tensor.Format.Type != GgufTensorType.F32 || tensor.Shape.Count != 1)
        {
            throw new CheckpointException($"{model.Path}: tensor {name} is no vector of float32");
        }

        var numbers = MemoryMarshal.Cast<byte, float>(tensor.Memory.Span(tensor.Offset, checked((int)tensor.Bytes))).ToArray();
        return Array.TrueForAll(numbers, number => number is > 0 and < float.PositiveInfinity)
            ? new JsonArray([.. numbers.Select(number => JsonValue.Create((double)number))])
            : throw new CheckpointException($"{model.Path}: tensor {name} holds factors that are not above 0");
    }
}
