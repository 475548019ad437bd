namespace Octavo.LoadGenerator.Client;

/// <summary>What an endpoint is sent and answers.</summary>
internal enum EndpointKind
{
    /// <summary>A prompt, as text or token ids.</summary>
    Completions,

    /// <summary>Messages.</summary>
    ChatCompletions,

    /// <summary>An input; answered whole, with no tokens.</summary>
    Embeddings,
}
