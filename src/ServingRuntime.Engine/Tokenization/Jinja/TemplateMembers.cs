using System.Collections.Frozen;
using System.Numerics;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>What the types of Python have after a dot. Those that would change their object are out of reach, as in transformers' sandbox.</summary>
internal static class TemplateMembers
{
    private static readonly FrozenSet<string> OfText = Names(
        "capitalize casefold center count encode endswith expandtabs find format format_map index isalnum isalpha isascii isdecimal isdigit isidentifier islower isnumeric "
        + "isprintable isspace istitle isupper join ljust lower lstrip maketrans partition removeprefix removesuffix replace rfind rindex rjust rpartition rsplit rstrip split "
        + "splitlines startswith strip swapcase title translate upper zfill");

    private static readonly FrozenSet<string> OfList = Names("copy count index");
    private static readonly FrozenSet<string> OfTuple = Names("count index");
    private static readonly FrozenSet<string> OfDictionary = Names("copy fromkeys get items keys values");
    private static readonly FrozenSet<string> OfInteger = Names("as_integer_ratio bit_count bit_length conjugate denominator from_bytes imag is_integer numerator real to_bytes");
    private static readonly FrozenSet<string> OfFloat = Names("as_integer_ratio conjugate from_number fromhex hex imag is_integer real");
    private static readonly FrozenSet<string> OfRange = Names("count index start step stop");
    private static readonly FrozenSet<string> OfView = Names("isdisjoint mapping");
    private static readonly FrozenSet<string> OfFunction = Names("name arguments caller catch_kwargs catch_varargs explicit_caller");
    private static readonly FrozenSet<string> ChangesList = Names("append clear extend insert pop remove reverse sort");
    private static readonly FrozenSet<string> ChangesDictionary = Names("clear pop popitem setdefault update");
    private static readonly FrozenSet<string> None = [];

    /// <summary>The member, which may be none; false where Python's type has none of that name.</summary>
    /// <exception cref="TemplateException">A name of the host's (two underscores), or a member that is not built.</exception>
    public static bool TryGet(object? target, string name, out object? member)
    {
        member = Get(target, name);
        return member is not null || target is LoopState || (target is TemplateTuple { IsGroup: true } && name is "grouper" or "list");
    }

    private static object? Get(object? target, string name)
    {
        if (name.StartsWith("__", StringComparison.Ordinal) && !(target is TemplateDictionary dictionary && dictionary.TryGet(name, out _) && !name.EndsWith("__", StringComparison.Ordinal)))
        {
            throw TemplateValue.Error($"access to '{name}' is not allowed");
        }

        if (target is LoopState loop)
        {
            return loop.Get(name);
        }

        if (target is TemplateTuple { IsGroup: true } group && name is "grouper" or "list")
        {
            return ((TemplateTuple)target).Items[name == "list" ? 1 : 0];
        }

        if ((target is List<object?> && ChangesList.Contains(name)) || (target is TemplateDictionary && ChangesDictionary.Contains(name)))
        {
            return new Undefined($"'{name}' would change a {TemplateValue.TypeName(target)}, which templates may not", isRefusal: true);
        }

        var (members, areMethods) = target switch
        {
            string or SafeText => (OfText, true),
            List<object?> => (OfList, true),
            TemplateTuple => (OfTuple, true),
            TemplateDictionary => (OfDictionary, true),
            long or bool or BigInteger => (OfInteger, false),
            double => (OfFloat, false),
            TemplateRange => (OfRange, false),
            TemplateView => (OfView, false),
            TemplateFunction => (OfFunction, false),
            _ => (None, false),
        };
        return !members.Contains(name) ? null
            : areMethods ? new BoundMethod(target!, name)
            : throw TemplateValue.Error($"the member '{name}' of '{TemplateValue.TypeName(target)}' is not supported");
    }

    private static FrozenSet<string> Names(string names) => names.Split(' ').ToFrozenSet(StringComparer.Ordinal);
}
