using System.Text.Json;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.Embeddings;

/// <summary>How this server makes one vector of a prompt: by the flag, else as the checkpoint says in sentence-transformers' files, else the last token's state, scaled.</summary>
/// <param name="Type">Which states.</param>
/// <param name="Normalize">Whether vectors are scaled to length 1.</param>
internal sealed record PoolingConfig(PoolingType Type, bool Normalize)
{
    /// <param name="flag">auto, mean or last.</param>
    /// <param name="folder">The checkpoint.</param>
    /// <exception cref="EngineStartException">The checkpoint asks for a pooling that is not built, or its files are malformed.</exception>
    public static PoolingConfig Read(string flag, string folder)
    {
        var normalize = ReadNormalize(Path.Combine(folder, "modules.json"));
        return flag switch
        {
            "mean" => new PoolingConfig(PoolingType.Mean, normalize),
            "last" => new PoolingConfig(PoolingType.Last, normalize),
            _ => new PoolingConfig(ReadType(Path.Combine(folder, "1_Pooling", "config.json")), normalize),
        };
    }

    private static PoolingType ReadType(string path)
    {
        if (!File.Exists(path))
        {
            return PoolingType.Last;
        }

        using var config = Parse(path);
        bool Asks(string mode) => config.RootElement.TryGetProperty("pooling_mode_" + mode, out var value) && value.ValueKind == JsonValueKind.True;
        var unknown = config.RootElement.EnumerateObject()
            .Where(p => p.Name.StartsWith("pooling_mode_", StringComparison.Ordinal) && p.Value.ValueKind == JsonValueKind.True && p.Name is not ("pooling_mode_mean_tokens" or "pooling_mode_lasttoken"))
            .Select(p => p.Name).ToList();
        return (unknown.Count, Asks("mean_tokens"), Asks("lasttoken")) switch
        {
            (0, true, false) => PoolingType.Mean,
            (0, false, true) => PoolingType.Last,
            _ => throw new EngineStartException($"{path} asks for a pooling other than the mean or the last token; --pooling overrides it"),
        };
    }

    /// <summary>Where sentence-transformers lists its modules, a vector is scaled only if one of them does it.</summary>
    private static bool ReadNormalize(string path)
    {
        if (!File.Exists(path))
        {
            return true;
        }

        using var modules = Parse(path);
        return modules.RootElement.ValueKind == JsonValueKind.Array && modules.RootElement.EnumerateArray().Any(module
            => module.ValueKind == JsonValueKind.Object && module.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String
                && type.GetString()!.EndsWith(".Normalize", StringComparison.Ordinal));
    }

    private static JsonDocument Parse(string path)
    {
        try
        {
            return JsonDocument.Parse(File.ReadAllBytes(path));
        }
        catch (JsonException e)
        {
            throw new EngineStartException($"{path} is no JSON: {e.Message}", e);
        }
    }
}
