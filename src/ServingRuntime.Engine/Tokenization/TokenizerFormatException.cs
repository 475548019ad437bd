namespace Octavo.ServingRuntime.Engine.Tokenization;

/// <summary>tokenizer.json or tokenizer_config.json is malformed, or uses a component that is not built; the message names it.</summary>
public sealed class TokenizerFormatException(string message, Exception? inner = null) : Exception(message, inner);
