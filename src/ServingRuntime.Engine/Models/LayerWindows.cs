namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>Which layers see only a sliding window.</summary>
internal static class LayerWindows
{
    /// <summary>layer_types where the file has it, else the rule of the model's older files.</summary>
    /// <param name="config">The model.</param>
    /// <param name="slides">The older rule, by number of the layer.</param>
    /// <returns>A window for each layer; 0: none.</returns>
    public static int[] Read(ModelConfig config, Func<int, bool> slides)
    {
        var window = config.Fields.OptionalInt("sliding_window") ?? 0;
        var types = config.Fields.Strings("layer_types");
        return [.. Enumerable.Range(0, config.NumHiddenLayers).Select(i => (types.Count > i ? types[i] == "sliding_attention" : slides(i)) ? window : 0)];
    }

    /// <summary>Qwen's rule: only where use_sliding_window says so, and from max_window_layers on.</summary>
    public static int[] ReadQwen(ModelConfig config)
    {
        var from = config.Fields.OptionalNumber("max_window_layers") ?? 0;
        return config.Fields.Bool("use_sliding_window", false) ? Read(config, layer => layer >= from) : new int[config.NumHiddenLayers];
    }
}
