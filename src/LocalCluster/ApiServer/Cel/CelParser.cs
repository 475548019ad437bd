namespace Octavo.LocalCluster.ApiServer.Cel;

/// <summary>Reads an expression of the Common Expression Language by recursive descent. Macros are expanded here.</summary>
internal sealed class CelParser
{
    private const int MaximumDepth = 200;

    private static readonly string[][] BinaryLevels = [["||"], ["&&"], ["<", "<=", ">", ">=", "==", "!=", "in"], ["+", "-"], ["*", "/", "%"]];

    private readonly List<CelToken> tokens;
    private int at;
    private int depth;

    private CelParser(List<CelToken> tokens) => this.tokens = tokens;

    /// <exception cref="CelException">The source is no expression.</exception>
    public static CelNode Parse(string source)
    {
        var parser = new CelParser(CelLexer.Read(source));
        var node = parser.Conditional();
        return parser.Current.Kind == CelTokenKind.End ? node : throw parser.Unexpected();
    }

    private CelToken Current => tokens[at];

    private bool Take(string op)
    {
        if (Current.Kind == CelTokenKind.Operator && Current.Text == op)
        {
            at++;
            return true;
        }

        return false;
    }

    private void Expect(string op)
    {
        if (!Take(op))
        {
            throw Unexpected();
        }
    }

    private CelException Unexpected() => new(
        Current.Kind == CelTokenKind.End ? "Syntax error: mismatched input '<EOF>'" : $"Syntax error: extraneous input '{Display(Current)}'", Current.Position);

    private static string Display(CelToken token) => token.Kind == CelTokenKind.Literal ? token.Value?.ToString() ?? "null" : token.Text;

    private CelNode Conditional()
    {
        if (++depth > MaximumDepth)
        {
            throw new CelException("expression recursion limit exceeded", Current.Position);
        }

        var condition = Binary(0);
        var position = Current.Position;
        if (Take("?"))
        {
            var yes = Binary(0);
            Expect(":");
            condition = new CelNode.Call(null, "?:", [condition, yes, Conditional()], position);
        }

        depth--;
        return condition;
    }

    private CelNode Binary(int level)
    {
        if (level == BinaryLevels.Length)
        {
            return Unary();
        }

        var left = Binary(level + 1);
        while (Current.Kind == CelTokenKind.Operator && BinaryLevels[level].Contains(Current.Text))
        {
            var op = tokens[at++];
            left = new CelNode.Call(null, op.Text, [left, Binary(level + 1)], op.Position);
        }

        return left;
    }

    private CelNode Unary()
    {
        var position = Current.Position;
        if (Take("!"))
        {
            return new CelNode.Call(null, "!", [Deeper(Unary)], position);
        }

        if (!Take("-"))
        {
            return Member();
        }

        switch (Current)
        {
            case { Kind: CelTokenKind.Literal, Value: long whole }:
                at++;
                return Suffixes(new CelNode.Literal(-whole, position));
            case { Kind: CelTokenKind.Literal, Value: ulong and 9223372036854775808 }:
                at++;
                return Suffixes(new CelNode.Literal(long.MinValue, position));
            case { Kind: CelTokenKind.Literal, Value: double real }:
                at++;
                return Suffixes(new CelNode.Literal(-real, position));
            default:
                return new CelNode.Call(null, "neg", [Deeper(Unary)], position);
        }
    }

    private CelNode Deeper(Func<CelNode> read)
    {
        if (++depth > MaximumDepth)
        {
            throw new CelException("expression recursion limit exceeded", Current.Position);
        }

        var node = read();
        depth--;
        return node;
    }

    private CelNode Member() => Suffixes(Primary());

    private CelNode Suffixes(CelNode node)
    {
        while (true)
        {
            var position = Current.Position;
            if (Take("."))
            {
                var optional = Take("?");
                var name = Name();
                node = !optional && Take("(") ? Call(node, name, Arguments(")"), position) : new CelNode.Select(node, name, false, optional, position);
            }
            else if (Take("["))
            {
                var optional = Take("?");
                var index = Conditional();
                Expect("]");
                node = new CelNode.Call(null, optional ? "[?]" : "[]", [node, index], position);
            }
            else
            {
                return node;
            }
        }
    }

    private CelNode Primary()
    {
        var token = Current;
        switch (token.Kind)
        {
            case CelTokenKind.Literal:
                at++;
                return new CelNode.Literal(token.Value, token.Position);
            case CelTokenKind.Identifier:
                at++;
                return Take("(") ? Call(null, token.Text, Arguments(")"), token.Position) : new CelNode.Identifier(token.Text, token.Position);
        }

        if (Take("("))
        {
            var inner = Conditional();
            Expect(")");
            return inner;
        }

        if (Take("["))
        {
            return new CelNode.List(Arguments("]"), token.Position);
        }

        if (Take("{"))
        {
            return new CelNode.Map(Entries(), token.Position);
        }

        // A leading dot names from the root, which is where all our names are.
        return Take(".") ? new CelNode.Identifier(Name(), token.Position) : throw Unexpected();
    }

    private string Name() => Current.Kind == CelTokenKind.Identifier || (Current.Kind == CelTokenKind.Operator && Current.Text == "in") ? tokens[at++].Text : throw Unexpected();

    private List<CelNode> Arguments(string close)
    {
        var arguments = new List<CelNode>();
        while (!Take(close))
        {
            if (arguments.Count > 0)
            {
                Expect(",");
                if (close == "]" && Take(close))
                {
                    break;
                }
            }

            arguments.Add(Conditional());
        }

        return arguments;
    }

    private List<(CelNode Key, CelNode Value)> Entries()
    {
        var entries = new List<(CelNode, CelNode)>();
        while (!Take("}"))
        {
            if (entries.Count > 0)
            {
                Expect(",");
                if (Take("}"))
                {
                    break;
                }
            }

            var key = Conditional();
            Expect(":");
            entries.Add((key, Conditional()));
        }

        return entries;
    }

    private static CelNode Call(CelNode? target, string name, List<CelNode> arguments, int position)
    {
        if (target is null && name == "has")
        {
            return arguments is [CelNode.Select { Test: false } select] ? select with { Test = true } : throw new CelException("invalid argument to has() macro", position);
        }

        if (target is null || name is not ("all" or "exists" or "exists_one" or "existsOne" or "map" or "filter") || arguments.Count is < 2 or > 3)
        {
            return new CelNode.Call(target, name, arguments, position);
        }

        if (arguments[0] is not CelNode.Identifier variable)
        {
            throw new CelException("argument must be a simple name", position);
        }

        return name switch
        {
            "map" when arguments.Count == 2 => new CelNode.Comprehension("map", target, variable.Name, null, arguments[1], position),
            "map" => new CelNode.Comprehension("map", target, variable.Name, arguments[1], arguments[2], position),
            _ when arguments.Count == 2 => new CelNode.Comprehension(name == "existsOne" ? "exists_one" : name, target, variable.Name, arguments[1], null, position),
            _ => new CelNode.Call(target, name, arguments, position),
        };
    }
}
