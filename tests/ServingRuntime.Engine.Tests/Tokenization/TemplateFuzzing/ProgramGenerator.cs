using System.Text;

namespace Octavo.ServingRuntime.Engine.Tests.Tokenization.TemplateFuzzing;

/// <summary>Random templates: every statement that the interpreter knows, white space control, comments and raw text around random expressions.</summary>
internal sealed class ProgramGenerator(Random random, Func<string, bool> allows)
{
    private readonly ExpressionGenerator expressions = new(random, allows);
    private readonly StringBuilder output = new();
    private int names;
    private int loops;

    public string Program()
    {
        expressions.Names.AddRange([("s", 's'), ("t", 's'), ("i", 'i'), ("n", 'i'), ("b", 'b'), ("l", 'l'), ("d", 'd'), ("x", 'x'), ("messages", 'l')]);
        Body(random.Next(1, 6), 3);
        return output.ToString();
    }

    private bool Chance(int one) => random.Next(one) == 0;

    private void Body(int statements, int depth)
    {
        var known = expressions.Names.Count;
        for (var i = 0; i < statements; i++)
        {
            Literal();
            Statement(depth);
        }

        Literal();
        expressions.Names.RemoveRange(known, expressions.Names.Count - known);
    }

    private void Literal()
    {
        output.Append(expressions.Pick("", "", " ", "\n", "text", "  \n  ", "\n\n", "a b\n", "\t", "é\n ", allows("lone-braces") ? "} " : "x ", allows("lone-braces") ? "{ " : "y "));
    }

    private void Statement(int depth)
    {
        switch (depth <= 0 ? random.Next(4) : random.Next(24))
        {
            case 0 or 1 or 2:
                Output(allows("any-output") ? expressions.Any(3) : expressions.Chance(2) == 0 ? expressions.Text(3) : expressions.Integer(3));
                break;
            case 3 or 4 or 5:
                Output(allows("any-output") ? expressions.Wild(2) : expressions.Text(2));
                break;
            case 6 or 7:
                If(depth);
                break;
            case 8 or 9 or 10:
                For(depth);
                break;
            case 11 or 12:
                Set();
                break;
            case 13 when allows("set-block"):
                var block = NewName();
                Tag($"set {block}{(allows("set-filter") && Chance(4) ? " | trim" : "")}");
                Body(random.Next(1, 3), depth - 1);
                Tag("endset");
                expressions.Names.Add((block, 's'));
                break;
            case 14 when allows("namespace"):
                var space = NewName();
                Tag($"set {space} = namespace({(Chance(3) && allows("namespace-dict") ? "{'c': 1}" : "c=0")}, f={expressions.Any(1)})");
                Tag($"for q in {expressions.List(1)}");
                Tag($"set {space}.c = {space}.c + 1");
                Tag("endfor");
                Output($"{space}.c");
                Output($"{space}.{expressions.Pick("f", "nosuch")}");
                break;
            case 15 or 16 when allows("macro"):
                Macro(depth);
                break;
            case 17 when allows("filter-block"):
                Tag($"filter {expressions.Pick("upper", "trim", "replace('a', 'b')", "indent(2)", "length", "trim | upper")}");
                Body(random.Next(1, 3), depth - 1);
                Tag("endfilter");
                break;
            case 18 when allows("with"):
                var inner = NewName();
                Tag($"with {inner} = {expressions.Any(2)}");
                expressions.Names.Add((inner, 'x'));
                Body(random.Next(1, 3), depth - 1);
                Tag("endwith");
                expressions.Names.Remove((inner, 'x'));
                break;
            case 19 when allows("comments"):
                output.Append(expressions.Pick("{# note #}", "{#- note -#}", "{# {{ x }} #}\n", "{#-#}", allows("comment-plus") ? "{#+ a +#}\n" : "{# b #}"));
                break;
            case 20 when allows("raw"):
                output.Append(expressions.Pick("{% raw %}", "{%- raw %}", "{% raw -%}", "{%raw%}")).Append(expressions.Pick("{{ x }}", "\n{% if %} ", " {# #}\n  ")).Append(expressions.Pick("{% endraw %}", "{%- endraw -%}", "{% endraw %}\n"));
                break;
            case 21 when allows("generation"):
                Tag("generation");
                Body(random.Next(1, 3), depth - 1);
                Tag("endgeneration");
                break;
            case 22 when allows("unpacking"):
                var (a, b) = (NewName(), NewName());
                Tag($"set {a}, {b} = {expressions.Any(1)}, {expressions.Any(1)}");
                expressions.Names.AddRange([(a, 'x'), (b, 'x')]);
                break;
            case 23 when allows("raise") && Chance(4):
                Tag($"if {expressions.Boolean(1)}");
                Output($"raise_exception({expressions.Text(1)})");
                Tag("endif");
                break;
            default:
                Output(expressions.Text(2));
                break;
        }
    }

    private void If(int depth)
    {
        Tag($"if {expressions.Boolean(2)}");
        Body(random.Next(1, 3), depth - 1);
        if (Chance(3))
        {
            Tag($"elif {(allows("any-values") ? expressions.Any(2) : expressions.Boolean(2))}");
            Body(1, depth - 1);
        }

        if (Chance(2))
        {
            Tag("else");
            Body(1, depth - 1);
        }

        Tag("endif");
    }

    private void For(int depth)
    {
        var item = NewName();
        var pair = Chance(5) && allows("dictionary-views");
        var recursive = Chance(9) && allows("recursive");
        var key = pair ? NewName() : "";
        var source = pair ? expressions.Dictionary(2) + expressions.Pick(".items()", allows("items-filter") ? "|items" : ".items()") : recursive ? "[1, [2, [3]], []]" : expressions.Sequence(2);
        var condition = Chance(4) ? $" if {(Chance(2) ? item : expressions.Boolean(1))}" : "";
        Tag($"for {(pair ? key + ", " + item : item)} in {source}{condition}{(recursive ? " recursive" : "")}");
        var known = expressions.Names.Count;
        expressions.Names.Add((item, 'x'));
        if (pair)
        {
            expressions.Names.Add((key, 'x'));
        }

        var saved = expressions.InLoop;
        expressions.InLoop = true;
        loops++;
        if (recursive)
        {
            Output($"loop({item}) if {item} is sequence else {item}");
        }

        if (Chance(3))
        {
            Output(expressions.Pick("loop.index", "loop.index0", "loop.length", allows("loop-booleans") ? "loop.first" : "loop.index", allows("loop-booleans") ? "loop.last" : "loop.index", allows("loop-neighbours") ? "loop.previtem" : "loop.length", allows("loop-neighbours") ? "loop.nextitem" : "loop.index0", allows("loop-cycle") ? "loop.cycle('a', 'b')" : "loop.index", allows("loop-changed") ? $"loop.changed({item})" : "loop.index", allows("loop-members") ? "loop" : "loop.index", allows("loop-members") ? "loop.nosuch" : "loop.index0"));
        }

        Body(random.Next(1, 3), depth - 1);
        if (Chance(5) && allows("break"))
        {
            Tag($"if {expressions.Boolean(1)}");
            Tag(expressions.Pick("break", "continue"));
            Tag("endif");
            Literal();
        }

        loops--;
        expressions.InLoop = saved;
        expressions.Names.RemoveRange(known, expressions.Names.Count - known);
        if (Chance(4) && allows("for-else"))
        {
            Tag("else");
            Body(1, depth - 1);
        }

        Tag("endfor");
    }

    private void Set()
    {
        var (kind, value) = random.Next(6) switch
        {
            0 => ('s', expressions.Text(3)),
            1 => ('i', expressions.Integer(3)),
            2 => ('b', expressions.Boolean(3)),
            3 => ('l', expressions.List(2)),
            4 => ('d', expressions.Dictionary(2)),
            _ => allows("any-output") ? ('x', expressions.Wild(2)) : ('s', expressions.Text(2)),
        };
        var again = expressions.Names.Where(n => n.Kind == kind && n.Name.StartsWith('v')).Select(n => n.Name).ToList();
        var name = again.Count > 0 && Chance(3) ? again[^1] : NewName();
        Tag($"set {name} = {value}");
        if (!expressions.Names.Contains((name, kind)))
        {
            expressions.Names.Add((name, kind));
        }
    }

    private void Macro(int depth)
    {
        var name = "m" + names++;
        var saved = (expressions.InLoop, expressions.Names.Count);
        expressions.InLoop = false;
        var withCaller = Chance(4) && allows("call-block");
        Tag($"macro {name}(p{(Chance(2) ? $", q={expressions.Any(1)}" : ", q")})");
        expressions.Names.AddRange([("p", 'x'), ("q", 'x')]);
        if (withCaller)
        {
            Output("caller()");
        }
        else if (Chance(6) && allows("varargs"))
        {
            Output("varargs|length ~ kwargs|length");
        }

        Body(random.Next(1, 3), depth - 1);
        Tag("endmacro");
        expressions.Names.RemoveRange(saved.Count, expressions.Names.Count - saved.Count);
        expressions.InLoop = saved.InLoop;
        var arguments = expressions.Pick("1", "'a', 'b'", "q=2", "p=1, q=none", "", allows("macro-errors") ? "1, 2, 3" : "1", allows("macro-errors") ? "1, z=2" : "2", allows("unpacked-arguments") ? "*[1, 2]" : "3", allows("unpacked-arguments") ? "**{'p': 1}" : "4");
        if (withCaller)
        {
            Tag($"call {name}({arguments})");
            Body(1, depth - 1);
            Tag("endcall");
        }
        else
        {
            Output($"{name}({arguments})");
        }
    }

    private string NewName() => "v" + names++;

    private void Output(string expression)
        => output.Append(expressions.Pick("{{ ", "{{ ", "{{- ", "{{", allows("output-plus") ? "{{+ " : "{{ ")).Append(expression).Append(expressions.Pick(" }}", " }}", " -}}", "}}".PadLeft(3)));

    private void Tag(string content)
    {
        output.Append(expressions.Pick("{% ", "{% ", "{%- ", "{%", allows("block-plus") ? "{%+ " : "{% ")).Append(content).Append(expressions.Pick(" %}", " %}", " -%}", "%}", allows("block-plus") ? " +%}" : " %}"));
        output.Append(expressions.Pick("", "", "\n", "\n  "));
    }
}
