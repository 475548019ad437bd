using Octavo.ServingRuntime.Engine.ModelLoader;

namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>Reads rotary positions where older files (rope_theta, rope_scaling) and newer ones (rope_parameters, also by kind of layer) keep them.</summary>
internal static class RopeFields
{
    /// <param name="fields">config.json.</param>
    /// <param name="layerType">"sliding_attention" or "full_attention" where the newer form may tell them apart.</param>
    /// <param name="thetaField">The older form's field of theta.</param>
    /// <param name="scaled">False: rope_scaling is not for these layers.</param>
    /// <param name="defaults">What holds where the file says nothing.</param>
    public static RopeParameters Read(ConfigFields fields, string? layerType = null, string thetaField = "rope_theta", bool scaled = true, ArchitectureDefaults? defaults = null)
    {
        var newer = fields.Object("rope_parameters");
        if (layerType is not null && newer?.Object(layerType) is { } own)
        {
            newer = own;
        }

        var scaling = newer ?? (scaled ? fields.Object("rope_scaling") : null);
        var theta = newer?.OptionalNumber("rope_theta") ?? scaling?.OptionalNumber("rope_theta") ?? fields.OptionalNumber(thetaField) ?? defaults?.RopeTheta ?? 10000;
        var partial = newer?.OptionalNumber("partial_rotary_factor") ?? fields.OptionalNumber("partial_rotary_factor") ?? defaults?.PartialRotaryFactor ?? 1;
        var rope = new RopeParameters { Theta = theta, PartialRotaryFactor = partial };
        if (scaling is null)
        {
            return rope;
        }

        var kind = Kind(scaling);
        rope = rope with
        {
            Scaling = kind,
            Factor = scaling.OptionalNumber("factor"),
            OriginalMaxPositionEmbeddings = (int?)(fields.OptionalNumber("original_max_position_embeddings") ?? scaling.OptionalNumber("original_max_position_embeddings")),
            LowFreqFactor = scaling.OptionalNumber("low_freq_factor") ?? 1,
            HighFreqFactor = scaling.OptionalNumber("high_freq_factor") ?? 4,
            BetaFast = scaling.OptionalNumber("beta_fast") ?? 32,
            BetaSlow = scaling.OptionalNumber("beta_slow") ?? 1,
            Truncate = scaling.Bool("truncate", true),
            AttentionFactor = scaling.OptionalNumber("attention_factor"),
            MScale = scaling.OptionalNumber("mscale"),
            MScaleAllDim = scaling.OptionalNumber("mscale_all_dim"),
            ShortFactor = scaling.Numbers("short_factor"),
            LongFactor = scaling.Numbers("long_factor"),
        };
        return kind is RopeScaling.Linear or RopeScaling.Dynamic && rope.Factor is null
            ? throw new CheckpointException("rope_scaling: factor is missing")
            : rope;
    }

    private static RopeScaling Kind(ConfigFields scaling) => scaling.String("rope_type", scaling.String("type", "default")) switch
    {
        "default" => RopeScaling.None,
        "linear" => RopeScaling.Linear,
        "dynamic" => RopeScaling.Dynamic,
        "llama3" => RopeScaling.Llama3,
        "yarn" when scaling.Has("short_factor") => RopeScaling.LongRope, // Phi 3's first files.
        "yarn" => RopeScaling.Yarn,
        "longrope" or "su" => RopeScaling.LongRope,
        var other => throw new CheckpointException($"rope_scaling: type '{other}' is none of default, linear, dynamic, llama3, yarn, longrope"),
    };
}
