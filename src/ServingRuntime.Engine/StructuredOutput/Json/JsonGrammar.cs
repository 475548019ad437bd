using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Json;

/// <summary>
/// The parts of JSON. White space is bounded, so that a model cannot write it for ever: nothing, one space, or one line break and its indentation, after an opening
/// bracket or a comma and before a closing bracket; nothing or one space after a colon; none elsewhere. Numbers are bounded to what every reader takes:
/// 18 digits before and after the point, two in the exponent.
/// </summary>
internal sealed class JsonGrammar(GrammarRules rules, bool compact)
{
    private const int MaxIndent = 32;

    public const int MaxDigits = 18;

    private readonly string suffix = compact ? ".compact" : "";

    public GrammarRules Rules => rules;

    /// <summary>Between an opening bracket or comma and what follows, and before a closing bracket.</summary>
    public GrammarNode Space => compact ? GrammarNode.Empty : GrammarNode.Any(
        GrammarNode.Empty,
        GrammarNode.Text(" "),
        GrammarNode.Row(GrammarNode.Text("\n"), rules.Shared("json.indent", () => GrammarNode.Any(
            new GrammarNode.Repeat(GrammarNode.Text(" "), 0, MaxIndent), new GrammarNode.Repeat(GrammarNode.Text("\t"), 1, MaxIndent / 2)))));

    public GrammarNode Colon => compact ? GrammarNode.Text(":") : GrammarNode.Row(GrammarNode.Text(":"), GrammarNode.Optional(GrammarNode.Text(" ")));

    public GrammarNode Comma => GrammarNode.Row(GrammarNode.Text(","), Space);

    public static GrammarNode Null => GrammarNode.Text("null");

    public static GrammarNode Boolean => GrammarNode.Any(GrammarNode.Text("true"), GrammarNode.Text("false"));

    public GrammarNode Integer => rules.Shared("json.integer", () => GrammarNode.Row(GrammarNode.Optional(GrammarNode.Text("-")), IntegerPart));

    public GrammarNode Number => rules.Shared("json.number", () => GrammarNode.Row(
        GrammarNode.Optional(GrammarNode.Text("-")),
        IntegerPart,
        GrammarNode.Optional(GrammarNode.Row(GrammarNode.Text("."), new GrammarNode.Repeat(Digit, 1, MaxDigits))),
        GrammarNode.Optional(GrammarNode.Row(
            GrammarNode.Set(('e', 'e'), ('E', 'E')), GrammarNode.Optional(GrammarNode.Set(('+', '+'), ('-', '-'))), new GrammarNode.Repeat(Digit, 1, 2)))));

    /// <summary>One character of a string as JSON may write it, also by escapes. Surrogates only as pairs: what comes out is always text.</summary>
    public static GrammarNode Character
    {
        get
        {
            var plain = new GrammarNode.Scalars(ScalarSet.Of((0, 0x1F), ('"', '"'), ('\\', '\\')).Complement());
            var basic = GrammarNode.Any(
                GrammarNode.Row(GrammarNode.Set(('0', '9'), ('a', 'c'), ('A', 'C'), ('e', 'f'), ('E', 'F')), Hex, Hex, Hex),
                GrammarNode.Row(GrammarNode.Set(('d', 'd'), ('D', 'D')), GrammarNode.Set(('0', '7')), Hex, Hex));
            var pair = GrammarNode.Row(
                GrammarNode.Set(('d', 'd'), ('D', 'D')), GrammarNode.Set(('8', '9'), ('a', 'b'), ('A', 'B')), Hex, Hex,
                GrammarNode.Text("\\u"),
                GrammarNode.Set(('d', 'd'), ('D', 'D')), GrammarNode.Set(('c', 'f'), ('C', 'F')), Hex, Hex);
            var letter = GrammarNode.Set("\"\\/bfnrt".Select(c => ((int)c, (int)c)));
            return GrammarNode.Any(
                plain,
                GrammarNode.Row(GrammarNode.Text("\\"), GrammarNode.Any(letter, GrammarNode.Row(GrammarNode.Text("u"), GrammarNode.Any(basic, pair)))));
        }
    }

    private static GrammarNode Digit => GrammarNode.Set(('0', '9'));

    private static GrammarNode Hex => GrammarNode.Set(('0', '9'), ('a', 'f'), ('A', 'F'));

    private static GrammarNode IntegerPart => GrammarNode.Any(
        GrammarNode.Text("0"), GrammarNode.Row(GrammarNode.Set(('1', '9')), new GrammarNode.Repeat(Digit, 0, MaxDigits - 1)));

    /// <summary>A string of so many characters (Unicode scalar values), with its quotes.</summary>
    public GrammarNode String(int min = 0, int? max = null) => rules.Shared($"json.string.{min}.{max}", () =>
        GrammarNode.Row(GrammarNode.Text("\""), new GrammarNode.Repeat(Character, min, max), GrammarNode.Text("\"")));

    public GrammarNode AnyValue() => rules.Shared("json.value" + suffix, () =>
        GrammarNode.Any(AnyObject(), AnyArray(), String(), Number, Boolean, Null));

    public GrammarNode AnyObject() => rules.Shared("json.object" + suffix, () => Bracketed("{", GrammarNode.Row(String(), Colon, AnyValue()), "}"));

    public GrammarNode AnyArray() => rules.Shared("json.array" + suffix, () => Bracketed("[", AnyValue(), "]"));

    private GrammarNode Bracketed(string open, GrammarNode item, string close) => GrammarNode.Row(
        GrammarNode.Text(open),
        Space,
        GrammarNode.Any(
            GrammarNode.Text(close),
            GrammarNode.Row(item, GrammarNode.Star(GrammarNode.Row(Comma, item)), Space, GrammarNode.Text(close))));
}
