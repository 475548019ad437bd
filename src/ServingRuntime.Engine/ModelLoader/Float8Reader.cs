namespace Octavo.ServingRuntime.Engine.ModelLoader;

/// <summary>
/// float8 weights [out, in] times their scales: <c>weight_scale_inv</c> (fp8 by blocks, as DeepSeek and Qwen publish them) or <c>weight_scale</c> (one for the tensor, or one
/// an output). In spite of its name weight_scale_inv is multiplied with, too.
/// </summary>
internal static class Float8Reader
{
    /// <summary>What such checkpoints say of activations and of the KV cache, which are not quantised here.</summary>
    public static bool IsForActivations(string name) =>
        name.EndsWith(".input_scale", StringComparison.Ordinal) || name.EndsWith(".activation_scale", StringComparison.Ordinal)
        || name.EndsWith(".k_scale", StringComparison.Ordinal) || name.EndsWith(".v_scale", StringComparison.Ordinal) || name.EndsWith(".kv_scale", StringComparison.Ordinal);

    /// <returns>[out, in] in float32.</returns>
    /// <exception cref="CheckpointException">There is no scale, or its shape does not divide the weight's.</exception>
    public static float[] Read(WeightLoader weights, string prefix, int inFeatures, int outFeatures)
    {
        var values = weights.Floats(prefix + ".weight", outFeatures, inFeatures);
        var name = weights.Contains(prefix + ".weight_scale_inv") ? prefix + ".weight_scale_inv" : prefix + ".weight_scale";
        var (scales, rows, columns) = weights.Scales(name);
        int blockRows = Block(name, outFeatures, rows), blockColumns = Block(name, inFeatures, columns);
        for (var n = 0; n < outFeatures; n++)
        {
            var row = n / blockRows * columns;
            for (var k = 0; k < inFeatures; k++)
            {
                values[(n * inFeatures) + k] *= scales[row + (k / blockColumns)];
            }
        }

        return values;
    }

    /// <summary>Elements that share a scale: all of them, one, or 128.</summary>
    private static int Block(string name, int size, int scales) =>
        scales == 1 ? size
        : scales == size ? 1
        : scales == (size + 127) / 128 ? 128
        : throw new CheckpointException($"tensor {name} has {scales} scales for {size} rows or columns: one, one each or one in 128 are understood");
}
