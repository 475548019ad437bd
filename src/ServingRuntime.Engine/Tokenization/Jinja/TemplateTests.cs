namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>What may stand after <c>is</c>.</summary>
internal static class TemplateTests
{
    public static bool Apply(string name, object? value, CallArguments arguments) => name switch
    {
        "defined" => value is not Undefined,
        "undefined" => value is Undefined,
        "none" => value is null,
        "string" => value is string,
        "mapping" => value is TemplateDictionary,
        "iterable" => value is string or List<object?> or TemplateDictionary or Undefined,
        "sequence" => value is string or List<object?> or TemplateDictionary or Undefined,
        "number" => value is long or double or bool,
        "integer" => value is long,
        "float" => value is double,
        "boolean" => value is bool,
        "true" => value is true,
        "false" => value is false,
        "callable" => value is TemplateFunction,
        "lower" => TemplateValue.ToText(value) is var text && text == text.ToLowerInvariant() && text.Any(char.IsLetter),
        "upper" => TemplateValue.ToText(value) is var text && text == text.ToUpperInvariant() && text.Any(char.IsLetter),
        "odd" => Integer(value) % 2 != 0,
        "even" => Integer(value) % 2 == 0,
        "divisibleby" => arguments.Integer(0, "num", 0) is var divisor && divisor != 0
            ? Integer(value) % divisor == 0
            : throw TemplateValue.Error("division by zero"),
        "sameas" => arguments.Require(0, "other") is var other && (value is bool or null ? Equals(value, other) : ReferenceEquals(value, other)),
        "equalto" or "eq" or "==" => TemplateValue.AreEqual(value, arguments.Require(0, "other")),
        "ne" or "!=" => !TemplateValue.AreEqual(value, arguments.Require(0, "other")),
        "lt" or "lessthan" => TemplateValue.Compare(value, arguments.Require(0, "other")) < 0,
        "le" => TemplateValue.Compare(value, arguments.Require(0, "other")) <= 0,
        "gt" or "greaterthan" => TemplateValue.Compare(value, arguments.Require(0, "other")) > 0,
        "ge" => TemplateValue.Compare(value, arguments.Require(0, "other")) >= 0,
        "in" => TemplateValue.Contains(arguments.Require(0, "seq"), value),
        _ => throw TemplateValue.Error($"the test '{name}' is not supported"),
    };

    private static long Integer(object? value)
        => TemplateValue.TryInteger(value, out var number) ? number : throw TemplateValue.Error($"'{TemplateValue.TypeName(value)}' is no integer");
}
