namespace Octavo.ServingRuntime.Engine.Tokenization;

/// <summary>Sampling that the model's authors suggest, from generation_config.json; null where they say nothing. A request's own values win.</summary>
public sealed record GenerationDefaults
{
    /// <summary>0 where do_sample is false and no temperature is given: such a model is meant to be decoded greedily.</summary>
    public float? Temperature { get; init; }

    public float? TopP { get; init; }
    public int? TopK { get; init; }
    public float? MinP { get; init; }
    public float? RepetitionPenalty { get; init; }
    public int? MaxNewTokens { get; init; }
}
