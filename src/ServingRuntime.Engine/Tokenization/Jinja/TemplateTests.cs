using System.Collections.Frozen;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>What may stand after <c>is</c>.</summary>
internal static class TemplateTests
{
    /// <summary>All tests of Jinja 3.1: any other name is refused before anything runs, as Jinja does.</summary>
    public static FrozenSet<string> Names { get; } = ("odd even divisibleby defined undefined filter test none boolean false true integer float lower upper string mapping number "
        + "sequence iterable callable sameas escaped in == eq equalto != ne > gt greaterthan ge >= < lt lessthan <= le").Split(' ').ToFrozenSet(StringComparer.Ordinal);

    public static bool Apply(string name, object? value, CallArguments arguments, RenderBudget budget)
    {
        var operands = name is "divisibleby" or "sameas" or "in" or "==" or "eq" or "equalto" or "!=" or "ne" or ">" or "gt" or "greaterthan" or "ge" or ">=" or "<" or "lt" or "lessthan"
            or "<=" or "le" ? 1 : 0;
        if (!Names.Contains(name))
        {
            throw TemplateValue.Error($"the test '{name}' is not supported");
        }

        arguments.Expect(operands, operands, name switch { "divisibleby" => "num", "sameas" => "other", "in" => "seq", _ => "" });
        object? Other() => arguments.Positional.Count > 0 ? arguments.Positional[0] : arguments.Named.Values.First();
        return name switch
        {
            "defined" => value is not Undefined,
            "undefined" => value is Undefined,
            "none" => value is null,
            "string" => value is string or SafeText,
            "mapping" => value is TemplateDictionary,
            "iterable" => TemplateValue.CanIterate(value),
            "sequence" => value is not (TemplateView or LoopState) && TemplateValue.TryLength(value) is not null,
            "number" => PythonNumber.IsNumber(value),
            "integer" => PythonNumber.IsInteger(value) && value is not bool,
            "float" => value is double,
            "boolean" => value is bool,
            "true" => value is true,
            "false" => value is false,
            "callable" => value is TemplateFunction or BoundMethod or LoopState or Undefined,
            "escaped" => value is SafeText,
            "lower" or "upper" => PythonText.HasCase(TemplateText.Of(value), lower: name == "lower"),
            "odd" => TemplateValue.AreEqual(Arithmetic.Apply("%", value, 2L, budget), 1L),
            "even" => TemplateValue.AreEqual(Arithmetic.Apply("%", value, 2L, budget), 0L),
            "divisibleby" => TemplateValue.AreEqual(Arithmetic.Apply("%", value, Other(), budget), 0L),
            "sameas" => IsSame(value, Other()),
            "filter" => TemplateDictionary.CanHash(value) ? TemplateValue.Plain(value) is string filter && TemplateFilters.Names.Contains(filter) : throw Unhashable(value),
            "test" => TemplateDictionary.CanHash(value) ? TemplateValue.Plain(value) is string test && Names.Contains(test) : throw Unhashable(value),
            "equalto" or "eq" or "==" => TemplateValue.AreEqual(value, Other()),
            "ne" or "!=" => !TemplateValue.AreEqual(value, Other()),
            "lt" or "lessthan" or "<" => TemplateValue.Compare(value, Other()) < 0,
            "le" or "<=" => TemplateValue.Compare(value, Other()) <= 0,
            "gt" or "greaterthan" or ">" => TemplateValue.Compare(value, Other()) > 0,
            "ge" or ">=" => TemplateValue.Compare(value, Other()) >= 0,
            _ => TemplateValue.Contains(Other(), value, budget),
        };
    }

    /// <summary>Python's <c>is</c>, where it does not depend on what the interpreter happens to share.</summary>
    private static bool IsSame(object? value, object? other) => (value, other) switch
    {
        (null, null) => true,
        (null, _) or (_, null) => false,
        (bool a, bool b) => a == b,
        (bool, _) or (_, bool) => false,
        (long a, long b) when a != b || a is >= -5 and <= 256 => a == b,
        (string a, string b) when a != b => false,
        (long, long) or (double, double) or (string, string) when !ReferenceEquals(value, other) => throw TemplateValue.Error("'sameas' of numbers or strings is not supported: use =="),
        _ => ReferenceEquals(value, other),
    };

    private static TemplateException Unhashable(object? value) => TemplateValue.Error($"unhashable type: '{TemplateValue.TypeName(value)}'");
}
