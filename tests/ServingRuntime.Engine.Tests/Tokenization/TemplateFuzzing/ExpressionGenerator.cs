namespace Octavo.ServingRuntime.Engine.Tests.Tokenization.TemplateFuzzing;

/// <summary>Random expressions, mostly of types that fit, over everything that the interpreter knows.</summary>
/// <param name="random">Where the choices come from.</param>
/// <param name="allows">Whether a feature, by its name, may be used.</param>
internal sealed class ExpressionGenerator(Random random, Func<string, bool> allows)
{
    private static readonly string[] Words = ["'a'", "'Hello World'", "''", "'x-y z'", "\"it's\"", "'é ß'", "'a,b,,c'", "'  pad '", "'12'", "'1.5e3'", "'tab\\tnew\\nline'", "'\\u00e9'", "'<&>'", "'role'", "'𝕏y'", "'-0x1F'", "'ABC abc'"];
    private static readonly string[] Integers = ["0", "1", "2", "3", "7", "-1", "-3", "10", "100", "255", "1000000"];
    private static readonly string[] Floats = ["0.5", "1.0", "2.675", "1e3", "1e16", "1e-5", "0.1", "123456789.125", "-2.5", "3.0"];

    /// <summary>Names in scope, by kind: s text, i integer, b boolean, l list, d dictionary, x anything, m macro.</summary>
    public List<(string Name, char Kind)> Names { get; } = [];

    public bool InLoop { get; set; }

    public int Chance(int most) => random.Next(most);

    public string Any(int depth) => !allows("any-values") ? (random.Next(2) == 0 ? Text(depth) : Integer(depth)) : random.Next(9) switch
    {
        0 or 1 => Text(depth),
        2 => Integer(depth),
        3 => Boolean(depth),
        4 => Float(depth),
        5 => List(depth),
        6 => Dictionary(depth),
        7 => allows("none") ? "none" : "1",
        _ => Name('x') ?? Text(depth),
    };

    public string Text(int depth) => (depth <= 0 ? random.Next(3) : random.Next(22)) switch
    {
        0 or 1 => Words[random.Next(Words.Length)] is var word && (allows("escapes") || !word.Contains('\\', StringComparison.Ordinal)) ? word : "'w'",
        2 => Name('s') ?? "'n'",
        3 or 4 => $"({Text(depth - 1)} + {Text(depth - 1)})",
        5 => $"({Any(depth - 1)} ~ {Any(depth - 1)})",
        6 when allows("case-methods") => $"{Text(depth - 1)}.{Pick("strip", "lstrip", "rstrip", "upper", "lower", "title", "capitalize")}()",
        7 when allows("strip-characters") => $"{Text(depth - 1)}.{Pick("strip", "lstrip", "rstrip")}({Text(0)})",
        8 when allows("replace") => $"{Text(depth - 1)}.replace({Text(0)}, {Text(0)}{(allows("replace-count") && Chance(3) == 0 ? ", " + Integer(0) : "")})",
        9 when allows("case-filters") => $"({Text(depth - 1)}|{Pick("trim", "upper", "lower", "title", "capitalize", "string")})",
        10 when allows("string-filter") => $"({Any(depth - 1)}|string)",
        11 when allows("json") => $"({Any(depth - 1)}|tojson{Json()})",
        12 when allows("join") => $"({Sequence(depth - 1)}|join({Text(0)}))",
        13 when allows("text-slices") => $"{Text(depth - 1)}[{Slice(depth - 1)}]",
        14 when allows("text-index") => $"{Text(depth - 1)}[{Integer(0)}]",
        15 when allows("format") => Formatted(depth),
        16 => $"({Text(depth - 1)} if {Boolean(depth - 1)} else {Text(depth - 1)})",
        17 when allows("indent") => $"({Text(depth - 1)}|indent({Pick("2", "4", "'> '", "1, true", "first=true", "2, blank=true")}))",
        18 when allows("text-methods") => $"{Text(depth - 1)}.{Pick("center(9)", "ljust(6, '.')", "rjust(7)", "zfill(5)", "removeprefix('a')", "removesuffix('z')", "expandtabs(4)", "join(['a', 'b'])")}",
        19 when allows("repeat") => $"({Text(0)} * {Pick("0", "2", "3", "-1", "true")})",
        20 when allows("text-filters") => $"({Text(depth - 1)}|{Pick("center(12)", "truncate(9)", "truncate(8, true, '..', 0)", "wordcount", "reverse", "e", "replace('a', 'b', 1)", "format(1)")})",
        _ => !allows("default") ? "'t'" : $"({Name('x') ?? "u"}|default({Text(depth - 1)}{(Chance(2) == 0 ? ", true" : "")}))",
    };

    public string Integer(int depth) => (depth <= 0 ? random.Next(3) : random.Next(16)) switch
    {
        0 or 1 => Integers[random.Next(Integers.Length)],
        2 => Name('i') ?? "4",
        3 or 4 => $"({Integer(depth - 1)} {Pick("+", "-", "*")} {Integer(depth - 1)})",
        5 when allows("floor-division") => $"({Integer(depth - 1)} // {Integer(depth - 1)})",
        6 when allows("modulo-sign") => $"({Integer(depth - 1)} % {Integer(depth - 1)})",
        7 when allows("power") => $"({Integer(0)} ** {Pick("0", "1", "2", "5", "40", "-1")})",
        8 => $"({Sequence(depth - 1)}|length)",
        9 when allows("int-filter") => $"({Text(depth - 1)}|int{(allows("int-arguments") ? Pick("", "(7)", "(default=3)", "(0, 16)", "(0, base=0)") : "")})",
        10 when allows("find") => $"{Text(depth - 1)}.{Pick("find", "rfind", "count")}({Text(0)}{Pick("", "", ", 1", ", 1, -1")})",
        11 when allows("abs") => $"({Integer(depth - 1)}|abs)",
        12 when allows("unary") => $"(-{Integer(depth - 1)})",
        13 when allows("sum") => $"([{Integer(depth - 1)}, {Integer(0)}]|{Pick("sum", "max", "min", "first", "last")})",
        14 when allows("big-integers") => $"({Pick("9223372036854775807", "10 ** 30", "4611686018427387904 * 4")} {Pick("+", "-", "//", "%", "*")} {Integer(0)})",
        15 when InLoop => $"loop.{Pick("index", "index0", "length", allows("loop-revindex") ? "revindex" : "index", allows("loop-revindex") ? "revindex0" : "index", allows("loop-depth") ? "depth" : "index")}",
        _ => "(1 if b else 2)",
    };

    public string Float(int depth) => random.Next(6) switch
    {
        0 when allows("float-operators") && depth > 0 => $"({Float(depth - 1)} {Pick("+", "-", "*", "/", "//", "%")} {Float(depth - 1)})",
        1 when allows("division") && depth > 0 => $"({Integer(depth - 1)} / {Integer(depth - 1)})",
        2 when allows("round") && depth > 0 => $"({Float(depth - 1)}|round({Pick("0", "1", "2", "-1", "1, 'ceil'", "0, 'floor'")}))",
        3 when allows("float-filter") => $"({Text(0)}|float)",
        4 when allows("round") => $"({Integer(0)}|round)",
        _ => allows("float-text") ? Floats[random.Next(Floats.Length)] : "1.5",
    };

    public string Boolean(int depth) => (depth <= 0 ? random.Next(2) : random.Next(14)) switch
    {
        0 => (allows("any-values") ? Pick("true", "false") : Pick("(1 == 1)", "(1 == 2)")),
        1 => Name('b') ?? "true",
        2 => $"({Integer(depth - 1)} {Pick("<", "<=", ">", ">=", "==", "!=")} {Integer(depth - 1)})",
        3 => $"({Text(depth - 1)} {Pick("==", "!=")} {Text(depth - 1)})",
        4 => $"({Text(depth - 1)} {Pick("in", "not in")} {Text(depth - 1)})",
        5 when allows("in-list") => $"({Any(depth - 1)} in {List(depth - 1)})",
        6 when allows("in-dictionary") => $"({Text(0)} in {Dictionary(depth - 1)})",
        7 => $"(not {Any(depth - 1)})",
        8 => $"({Boolean(depth - 1)} {Pick("and", "or")} {Boolean(depth - 1)})",
        9 or 10 when allows("tests") => $"({Any(depth - 1)} is {Pick("", "not ")}{Test()})",
        11 => $"{Text(depth - 1)}.{Pick("startswith", "endswith")}({Text(0)})",
        12 when allows("chained-comparison") => $"({Integer(0)} < {Integer(depth - 1)} <= {Integer(0)})",
        13 when allows("text-classes") => $"{Text(depth - 1)}.{Pick("isdigit", "isalpha", "isalnum", "isspace", "islower", "isupper", "istitle", "isdecimal", "isascii")}()",
        _ => allows("text-order") ? $"({Text(depth - 1)} < {Text(0)})" : "(1 == 1)",
    };

    public string List(int depth) => (depth <= 0 ? random.Next(3) : random.Next(18)) switch
    {
        0 => $"[{string.Join(", ", Enumerable.Range(0, random.Next(4)).Select(_ => Integer(depth - 1)))}]",
        1 => $"[{string.Join(", ", Enumerable.Range(0, random.Next(4)).Select(_ => Any(depth - 1)))}]",
        2 => Name('l') ?? "[1, 2]",
        3 when allows("list-slices") => $"{List(depth - 1)}[{Slice(depth - 1)}]",
        4 when allows("list-filter") => $"({Sequence(depth - 1)}|list)",
        5 when allows("split") => $"{Text(depth - 1)}.split({Pick("','", "' '", "'a'", allows("split-limit") ? "',', 1" : "'b'", allows("split-space") ? "" : "'c'")})",
        6 => $"({List(depth - 1)} + {List(0)})",
        7 when allows("map") => $"({List(depth - 1)}|map({Pick("'string'", "'upper'", "'trim'", "'length'", "'tojson'", "attribute='name'", "attribute='role'")})|list)",
        8 when allows("select") => $"({List(depth - 1)}|{Pick("select", "reject")}({Pick("", "'string'", "'defined'", "'number'", "'equalto', 1", "'in', [1, 2]", "'none'", "'mapping'")})|list)",
        9 when allows("selectattr") => $"(messages|{Pick("selectattr", "rejectattr")}({Pick("'role'", "'role', 'equalto', 'user'", "'content', 'string'", "'role', 'in', ['user', 'tool']", "'nosuch', 'defined'", "'content'")})|list)",
        10 when allows("sort") => $"([{Integer(0)}, {Integer(0)}, {Integer(0)}]|sort{Pick("", "(reverse=true)")})",
        11 when allows("sort-text") => $"([{Text(0)}, {Text(0)}]|{Pick("sort", "sort(case_sensitive=true)", "sort(true)", "unique|list", "unique(true)|list", "max", "min")})",
        12 when allows("dictsort") => $"({Dictionary(depth - 1)}|dictsort{Pick("", "(true)", "(reverse=true)")})",
        13 when allows("dictionary-views") => $"({Dictionary(depth - 1)}.{Pick("items", "keys", "values")}()|list)",
        14 when allows("tuples") => $"({Any(depth - 1)}, {Any(depth - 1)})",
        15 when allows("batch") => $"({List(depth - 1)}|{Pick("batch(2)", "batch(2, 0)", "slice(2)", "slice(3, 'x')", "reverse", "unique")}|list)",
        16 when allows("groupby") => "(messages|groupby('role'))",
        17 when allows("range") => $"range({Pick("3", "1, 4", "5, 0, -2", "0")})|list",
        _ => allows("none") ? "[none, true]" : "[1]",
    };

    public string Dictionary(int depth) => (depth <= 0 ? random.Next(3) : random.Next(6)) switch
    {
        0 or 3 => "{" + string.Join(", ", Enumerable.Range(0, random.Next(4)).Select(_ => $"{Key()}: {Any(depth - 1)}")) + "}",
        1 => Name('d') ?? "{}",
        2 when allows("none") => "{'role': 'user', 'name': 'n', 'content': none}",
        4 when allows("dict-call") => $"dict({Pick("", "{'z': 1}, ")}a={Any(depth - 1)}, name={Text(0)})",
        _ => $"{{'items': {List(depth - 1)}, 'k': {Any(depth - 1)}}}",
    };

    public string Sequence(int depth) => random.Next(4) switch
    {
        0 when allows("text-as-sequence") => Text(depth),
        1 when allows("dictionary-iteration") => Dictionary(depth),
        _ => List(depth),
    };

    /// <summary>Members of dictionaries and lists, calls, undefined values and what only some of the types can do.</summary>
    public string Wild(int depth) => random.Next(16) switch
    {
        0 when allows("members") => $"{Dictionary(depth)}.{Pick("name", "role", "nosuch", "k")}",
        1 when allows("members") => $"{Dictionary(depth)}[{Key()}]",
        2 when allows("dictionary-get") => $"{Dictionary(depth)}.get({Key()}{Pick("", ", 'd'", allows("none") ? ", none" : "")})",
        3 when allows("list-items") => $"{List(depth)}[{Integer(0)}]",
        4 when allows("messages") => $"messages[{Pick("0", "-1", "1", "99")}]{Pick(".role", "['role']", ".content", "['content']", ".nosuch", "")}",
        5 when allows("mismatched-types") => $"({Any(depth)} {Pick("+", "-", "*", "<", "%", "//", "in", "/")} {Any(depth)})",
        6 when allows("mismatched-types") => $"({Any(depth)}|{Pick("length", "first", "last", "list", "int", "float", "abs", "upper", "join", "sort", "sum", "items", "round", "tojson", "map('upper')|list", "dictsort", "reverse|list", "unique|list", "min", "capitalize")})",
        7 when allows("mismatched-types") => $"{Any(depth)}.{Pick("upper()", "strip()", "items()", "keys()", "split()", "nosuch", "get('a')", "index(1)", "count(1)", "append(1)", "a.b")}",
        8 when allows("inline-if-without-else") => $"({Any(depth)} if {Boolean(depth)})",
        9 when allows("views-as-values") => $"{Dictionary(depth)}.{Pick("items()", "keys()", "values()")}",
        10 when allows("bound-methods") => $"({Dictionary(depth)}.{Pick("items", "keys", "get")} is {Pick("callable", "defined", "string", "mapping")})",
        11 when allows("generators") => $"({List(depth)}|map('string')|{Pick("first", "list|length", "join", "length", "unique|join")})",
        12 when allows("undefined") => $"{Pick("u", "u.a", "u[0]", "u + 1", "u ~ 'x'", "u == v", "u|length", "u|list", "u in [1]", "-u", "u()", "u|int", "u is sequence", "u is callable", "u|tojson", "u|join", "u < 1", "u|first")}",
        13 when allows("slices-of-tuples") => $"({Any(0)}, {Any(0)}, 3)[{Slice(0)}]",
        14 when allows("strftime") => $"strftime_now({Pick("'%d %b %Y'", "'%Y-%m-%d'", "'%A %B %j %H:%M:%S %p %y'", "'%-d/%-m %I'", "'%e|%U|%W|%V|%G|%u|%w|%D|%T|%%'")})",
        _ => allows("tests") ? $"({Any(depth)} is {Test()})" : Text(depth),
    };

    public string Pick(params string[] choices) => choices[random.Next(choices.Length)];

    private string? Name(char kind)
    {
        var fitting = Names.Where(n => n.Kind == kind || (kind == 'x' && n.Kind != 'm')).ToList();
        return fitting.Count == 0 ? null : fitting[random.Next(fitting.Count)].Name;
    }

    private string Key() => random.Next(8) switch { 0 when allows("odd-keys") => Pick("1", "true", "none", "1.5", "(1, 2)"), _ => Pick("'a'", "'name'", "'role'", "'k'", "'B'") };

    private string Slice(int depth) => random.Next(6) switch
    {
        0 => $"{Integer(0)}:",
        1 => $":{Integer(0)}",
        2 => $"{Integer(0)}:{Integer(depth)}",
        3 => "::-1",
        4 when allows("slice-steps") => $"{Integer(0)}:{Integer(0)}:{Pick("1", "2", "-1", "-2", "0")}",
        _ => "1:",
    };

    private string Test() => random.Next(3) switch
    {
        0 => Pick("defined", "undefined", "none", "string", "number", "mapping", "boolean"),
        1 => Pick("string", allows("sequence-tests") ? "iterable" : "string", allows("sequence-tests") ? "sequence" : "string", "true", "false", "integer", "float", "callable"),
        _ => allows("rare-tests") ? Pick("odd", "even", "divisibleby 3", "divisibleby(2)", "lower", "upper", "sameas none", "eq 1", "ne 'a'", "gt 2", "lessthan 3", "ge(1)", "in [1, 'a']", "in 'abc'", "escaped", "filter", "test") : Pick("defined", "string"),
    };

    private string Json() => !allows("json-arguments") ? Pick("", "(indent=2)") : Pick("", "", "(indent=4)", "(separators=(',', ':'))", "(sort_keys=true)", "(ensure_ascii=true)", "(indent=0)", "(indent=' ')", "(indent=2, sort_keys=true)", "(true)");

    private string Formatted(int depth) => random.Next(3) switch
    {
        0 => $"('{Pick("%s", "[%5s]", "%-6s|", "%r", "%s %%", "%.2s")}' % {Pick($"({Any(depth - 1)},)", Text(depth - 1))})",
        1 => $"('{Pick("%d", "%05d", "%+d", "%x", "%.3f", "%e", "%g", "%8.2f|", "%c", "%o")}' % {Pick(Integer(0), Float(0))})",
        _ => $"'{Pick("{}", "{0}-{0}", "{:>8}", "{:^7}|", "{!r}", "{:.2f}", "{:05d}", "{:,}", "{:x}", "{{}}{}", "{:e}", "{:g}", "{:%}")}'.format({Pick(Any(depth - 1), Integer(0), Float(0), Text(0))})",
    };
}
