namespace Octavo.ServingRuntime.Engine.Speculation;

/// <summary>Where drafts come from.</summary>
public enum SpeculativeMethod
{
    /// <summary>The request's own prompt and output: what followed the same few tokens before.</summary>
    Ngram,

    /// <summary>A smaller model with the same vocabulary.</summary>
    DraftModel,
}
