namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>Which layers see only a sliding window.</summary>
internal static class LayerWindows
{
    /// <summary>What transformers takes where a file of Mistral, Qwen or Gemma does not mention sliding_window.</summary>
    private const int DefaultWindow = 4096;

    /// <summary>Qwen's layers below this have no window where a file does not say; so have those of its first mixtures from here on.</summary>
    private const int DefaultMaxWindowLayers = 28;

    /// <summary>0: none.</summary>
    public static int Window(ModelConfig config) => config.Fields.Mentions("sliding_window") ? config.Fields.OptionalInt("sliding_window") ?? 0 : DefaultWindow;

    /// <summary>layer_types where the file has it, else the rule of the model's older files.</summary>
    /// <param name="config">The model.</param>
    /// <param name="slides">The older rule, by number of the layer.</param>
    /// <returns>A window for each layer; 0: none.</returns>
    public static int[] Read(ModelConfig config, Func<int, bool> slides)
    {
        var window = Window(config);
        var types = config.Fields.Strings("layer_types");
        return [.. Enumerable.Range(0, config.NumHiddenLayers).Select(i => (types.Count > i ? types[i] == "sliding_attention" : slides(i)) ? window : 0)];
    }

    /// <summary>Qwen's rule: only where use_sliding_window says so, and from max_window_layers on.</summary>
    public static int[] ReadQwen(ModelConfig config) => ReadQwen(config, layer => layer >= MaxWindowLayers(config));

    /// <summary>The rule of Qwen's first mixtures (transformers <c>configuration_qwen2_moe.py</c>): every other layer below max_window_layers.</summary>
    public static int[] ReadQwen2Moe(ModelConfig config) => ReadQwen(config, layer => layer % 2 == 0 && layer < MaxWindowLayers(config));

    /// <summary>Qwen 3's mixtures: all layers or none, whatever max_window_layers and layer_types say.</summary>
    public static int[] ReadQwen3Moe(ModelConfig config)
    {
        var windows = new int[config.NumHiddenLayers];
        Array.Fill(windows, config.Fields.Bool("use_sliding_window", false) ? Window(config) : 0);
        return windows;
    }

    private static int[] ReadQwen(ModelConfig config, Func<int, bool> slides) =>
        config.Fields.Bool("use_sliding_window", false) ? Read(config, slides) : new int[config.NumHiddenLayers];

    private static double MaxWindowLayers(ModelConfig config) =>
        config.Fields.Mentions("max_window_layers") ? config.Fields.OptionalNumber("max_window_layers") ?? 0 : DefaultMaxWindowLayers;
}
