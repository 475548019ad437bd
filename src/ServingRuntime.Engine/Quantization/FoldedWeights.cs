using System.Numerics.Tensors;
using Octavo.ServingRuntime.Engine.ModelLoader;

namespace Octavo.ServingRuntime.Engine.Quantization;

/// <summary>
/// A checkpoint's weights with scales of inputs folded into them: what reads a channel is multiplied by its scale, what makes it is divided. The model computes the same.
/// <para>Nothing but the quantised matrices is rounded: a norm's new weight is rounded first, and the scale is what then makes up for it exactly; where other stored numbers must change with
/// it (routers, biases) scales are powers of two.</para>
/// </summary>
internal sealed class FoldedWeights(Checkpoint checkpoint)
{
    private const float Largest = 256f;
    private readonly Dictionary<string, float[]> columns = new(StringComparer.Ordinal);
    private readonly Dictionary<string, float[]> rows = new(StringComparer.Ordinal);
    private readonly Dictionary<string, float[]> norms = new(StringComparer.Ordinal);

    /// <summary>Whether a tensor is another than the checkpoint's.</summary>
    public bool IsChanged(string name)
    {
        var (prefix, kind) = Split(name);
        return norms.ContainsKey(name) || rows.ContainsKey(prefix) || (kind == "weight" && columns.ContainsKey(prefix));
    }

    /// <summary>A tensor's elements as folded, in float32.</summary>
    public float[] Read(string name)
    {
        if (norms.TryGetValue(name, out var folded))
        {
            return folded;
        }

        var values = checkpoint.Tensor(name).ToFloat32();
        var (prefix, kind) = Split(name);
        if (rows.TryGetValue(prefix, out var divisors))
        {
            var width = values.Length / divisors.Length;
            for (var n = 0; n < divisors.Length; n++)
            {
                if (divisors[n] != 1f)
                {
                    TensorPrimitives.Divide(values.AsSpan(n * width, width), divisors[n], values.AsSpan(n * width, width));
                }
            }
        }

        if (kind == "weight" && columns.TryGetValue(prefix, out var factors))
        {
            for (var begin = 0; begin < values.Length; begin += factors.Length)
            {
                TensorPrimitives.Multiply(values.AsSpan(begin, factors.Length), factors, values.AsSpan(begin, factors.Length));
            }
        }

        return values;
    }

    /// <summary>The scale nearest to a wanted one that a group can have.</summary>
    public float[] Feasible(ScaleGroup group, ReadOnlySpan<float> wanted)
    {
        var scale = wanted.ToArray();
        if (group.Kept.Count > 0 || (group.Source is RowSource source && checkpoint.Names.Contains(source.Prefix + ".bias")))
        {
            for (var c = 0; c < scale.Length; c++)
            {
                scale[c] = Math.Clamp(MathF.Pow(2, MathF.Round(MathF.Log2(scale[c]))), 1 / Largest, Largest);
            }
        }

        if (group.Source is NormSource norm)
        {
            FoldNorm(norm, scale, isExact: group.Kept.Count > 0);
        }

        return scale;
    }

    /// <summary>Folds a feasible scale in.</summary>
    /// <returns>What was folded: all ones where some number that is not quantised would not stay exact.</returns>
    public float[] Apply(ScaleGroup group, float[] scale)
    {
        foreach (var prefix in group.Kept)
        {
            columns[prefix] = scale;
        }

        if (!group.Kept.All(prefix => IsStoredExactly(prefix + ".weight")) || !Divide(group.Source, scale))
        {
            foreach (var prefix in group.Kept)
            {
                columns.Remove(prefix);
            }

            var ones = new float[scale.Length];
            Array.Fill(ones, 1f);
            return ones;
        }

        foreach (var (prefix, _) in group.Readers.SelectMany(reader => reader.Parts))
        {
            columns[prefix] = scale;
        }

        return scale;
    }

    private static (string Prefix, string Kind) Split(string name)
    {
        var dot = name.LastIndexOf('.');
        return dot < 0 ? (name, "") : (name[..dot], name[(dot + 1)..]);
    }

    private bool Divide(ScaleSource source, float[] scale)
    {
        if (source is NormSource norm)
        {
            norms[norm.WeightName] = FoldNorm(norm, scale, isExact: false);
            return true;
        }

        var made = (RowSource)source;
        var divisors = new float[made.OutFeatures];
        Array.Fill(divisors, 1f);
        for (var c = 0; c < scale.Length; c++)
        {
            divisors[made.First + made.Row(c)] = scale[c];
        }

        rows[made.Prefix] = divisors;
        if (checkpoint.Names.Contains(made.Prefix + ".bias") && !IsStoredExactly(made.Prefix + ".bias"))
        {
            rows.Remove(made.Prefix);
            return false;
        }

        return true;
    }

    /// <summary>New weights of a norm, rounded as they are stored; the scale becomes what they were divided by.</summary>
    /// <param name="isExact">A channel whose scale would become another keeps its weight.</param>
    private float[] FoldNorm(NormSource norm, Span<float> scale, bool isExact)
    {
        var tensor = checkpoint.Tensor(norm.WeightName);
        var weights = tensor.ToFloat32();
        for (var c = 0; c < weights.Length; c++)
        {
            var factor = weights[c] + norm.Offset;
            var folded = StoredFloats.Round((factor / scale[c]) - norm.Offset, tensor.DType);
            var actual = factor / (folded + norm.Offset);
            if (!float.IsFinite(actual) || actual <= 0 || (isExact && actual != scale[c]) || actual > 2 * scale[c] || actual < scale[c] / 2)
            {
                scale[c] = 1f;
            }
            else
            {
                (weights[c], scale[c]) = (folded, actual);
            }
        }

        return weights;
    }

    private bool IsStoredExactly(string name)
    {
        var dtype = checkpoint.Tensor(name).DType;
        return Array.TrueForAll(Read(name), value => StoredFloats.Round(value, dtype) == value);
    }
}
