namespace Octavo.LocalCluster.ApiServer.Selectors;

/// <summary>The grammar of label selectors, with the error texts of Kubernetes' own parser.</summary>
internal sealed class SelectorParser
{
    private static readonly string[] Operators = ["in", "notin", "=", "==", "!=", "gt", "lt"];
    private readonly List<string> _tokens;
    private int _at;

    public SelectorParser(string text) => _tokens = Tokens(text);

    public IReadOnlyList<LabelRequirement> Parse()
    {
        var requirements = new List<LabelRequirement>();
        while (true)
        {
            var token = Peek();
            if (token.Length == 0)
            {
                return requirements;
            }

            if (token != "!" && !IsWord(token))
            {
                throw new FormatException($"found '{token}', expected: !, identifier, or 'end of string'");
            }

            try
            {
                requirements.Add(Requirement());
            }
            catch (FormatException error)
            {
                throw new FormatException($"unable to parse requirement: {error.Message}");
            }

            token = Next();
            if (token.Length == 0)
            {
                return requirements;
            }

            if (token != ",")
            {
                throw new FormatException($"found '{token}', expected: ',' or 'end of string'");
            }

            if (Peek() != "!" && !IsWord(Peek()))
            {
                throw new FormatException($"found '{Peek()}', expected: identifier after ','");
            }
        }
    }

    private LabelRequirement Requirement()
    {
        var absent = Peek() == "!";
        if (absent)
        {
            _at++;
        }

        var key = Next();
        if (!IsWord(key))
        {
            throw new FormatException($"found '{key}', expected: identifier");
        }

        if (LabelSelector.KeyError(key) is { } wrong)
        {
            throw new FormatException($"<nil>: Invalid value: \"{key}\": {wrong}");
        }

        if (absent)
        {
            return new LabelRequirement(key, "!", []);
        }

        if (Peek() is "" or ",")
        {
            return new LabelRequirement(key, "exists", []);
        }

        var @operator = Next() switch
        {
            "=" or "==" => "=",
            ">" or "gt" => "gt",
            "<" or "lt" => "lt",
            var other when Array.IndexOf(Operators, other) >= 0 => other,
            var other => throw new FormatException($"found '{other}', expected: {string.Join(", ", Operators)}"),
        };
        IReadOnlyList<string> values = @operator is "in" or "notin" ? Values() : [ExactValue()];
        if (@operator is "gt" or "lt")
        {
            if (!long.TryParse(values[0], out _))
            {
                throw new FormatException($"values[0][{key}]: Invalid value: \"{values[0]}\": for 'Gt', 'Lt' operators, the value must be an integer");
            }
        }

        for (var i = 0; i < values.Count; i++)
        {
            if (LabelSelector.ValueError(values[i]) is { } bad)
            {
                throw new FormatException($"values[{i}][{key}]: Invalid value: \"{values[i]}\": {bad}");
            }
        }

        return new LabelRequirement(key, @operator, values);
    }

    private string ExactValue()
    {
        if (Peek() is "" or ",")
        {
            return "";
        }

        var token = Next();
        return IsWord(token) ? token : throw new FormatException($"found '{token}', expected: identifier");
    }

    private List<string> Values()
    {
        var open = Next();
        if (open != "(")
        {
            throw new FormatException($"found '{open}' expected: '('");
        }

        var values = new List<string>();
        while (true)
        {
            var token = Next();
            if (IsWord(token))
            {
                values.Add(token);
                token = Next();
            }
            else if (token is "," or ")")
            {
                values.Add("");
            }

            if (token == ")")
            {
                return values;
            }

            if (token != ",")
            {
                throw new FormatException($"found '{token}', expected: ',' or ')'");
            }
        }
    }

    private string Peek() => _at < _tokens.Count ? _tokens[_at] : "";

    private string Next() => _at < _tokens.Count ? _tokens[_at++] : "";

    private static bool IsWord(string token) => token.Length > 0 && !IsSpecial(token[0]);

    private static bool IsSpecial(char c) => c is '=' or '!' or '(' or ')' or ',' or '>' or '<';

    private static List<string> Tokens(string text)
    {
        var tokens = new List<string>();
        for (var i = 0; i < text.Length;)
        {
            var c = text[i];
            if (char.IsWhiteSpace(c))
            {
                i++;
            }
            else if (IsSpecial(c))
            {
                var pair = i + 1 < text.Length ? text.Substring(i, 2) : "";
                tokens.Add(pair is "==" or "!=" ? pair : c.ToString());
                i += tokens[^1].Length;
            }
            else
            {
                var start = i;
                while (i < text.Length && !char.IsWhiteSpace(text[i]) && !IsSpecial(text[i]))
                {
                    i++;
                }

                tokens.Add(text[start..i]);
            }
        }

        return tokens;
    }
}
