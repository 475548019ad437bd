using System.Collections.Frozen;

namespace Octavo.ServingRuntime.Engine.Tests.Tokenization.TemplateFuzzing;

/// <summary>
/// What @huggingface/jinja 0.5 renders as Jinja2 does. Everything else is compared with it only where Jinja2 itself is there to say who is right: it writes
/// true, null and 1 for True, None and 1.0 and tuples as lists, goes through no text, has no <c>{{+</c> and <c>{%+</c>, no raw with white space control, other
/// default values and fewer filters and methods.
/// </summary>
internal static class HuggingFaceAgreement
{
    public static FrozenSet<string> Features { get; } = FrozenSet.ToFrozenSet(
        ["namespace", "text-slices", "replace", "list-slices", "set-block", "lone-braces", "list-filter", "json"]);
}
