namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>Why a template gave no text.</summary>
public enum TemplateFault
{
    /// <summary>The template is no valid template, or uses something that is not built.</summary>
    Syntax,

    /// <summary>The template itself refused the conversation by raise_exception.</summary>
    Raised,

    /// <summary>An operation failed on this conversation: an undefined name, a wrong type.</summary>
    Evaluation,

    /// <summary>A limit of steps, time, depth or output was reached.</summary>
    Limit,
}
