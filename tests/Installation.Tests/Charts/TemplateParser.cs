using System.Text.RegularExpressions;

namespace Octavo.Installation.Tests.Charts;

/// <summary>Go's template syntax as far as the chart may use it: values, if, with, range, else, end, comments, and the trimming of white space by {{- and -}}.</summary>
internal sealed partial class TemplateParser
{
    private readonly List<(bool IsAction, string Value)> tokens = [];
    private int next;

    private TemplateParser(string source)
    {
        var at = 0;
        var trim = false;
        foreach (Match action in Action().Matches(source))
        {
            var text = source[at..action.Index];
            text = trim ? text.TrimStart() : text;
            tokens.Add((false, action.Groups[1].Length > 0 ? text.TrimEnd() : text));
            tokens.Add((true, action.Groups[2].Value.Trim()));
            trim = action.Groups[3].Length > 0;
            at = action.Index + action.Length;
        }

        tokens.Add((false, trim ? source[at..].TrimStart() : source[at..]));
    }

    /// <exception cref="NotSupportedException">The template is not as plain as the chart's are to be.</exception>
    public static IReadOnlyList<TemplateNode> Parse(string source)
    {
        var parser = new TemplateParser(source);
        var nodes = parser.ParseUntil(out var end);
        return end is null ? nodes : throw new NotSupportedException($"{{{{ {end} }}}} without a beginning");
    }

    private List<TemplateNode> ParseUntil(out string? end)
    {
        var nodes = new List<TemplateNode>();
        while (next < tokens.Count)
        {
            var (isAction, value) = tokens[next++];
            if (!isAction)
            {
                nodes.Add(new TemplateNode.Text(value));
                continue;
            }

            var (word, rest) = value.Split(' ', 2) is [var first, var second] ? (first, second.Trim()) : (value, "");
            switch (word)
            {
                case "end" or "else" when rest.Length == 0:
                    end = word;
                    return nodes;
                case "if" or "with" or "range":
                    nodes.Add(ParseBlock(word, rest));
                    break;
                case "define" or "include" or "template" or "block" or "else" or "break" or "continue":
                    throw new NotSupportedException($"{{{{ {value} }}}} is not plain");
                default:
                    if (!value.StartsWith("/*", StringComparison.Ordinal))
                    {
                        nodes.Add(new TemplateNode.Output(value));
                    }

                    break;
            }
        }

        end = null;
        return nodes;
    }

    private TemplateNode ParseBlock(string word, string pipeline)
    {
        var then = ParseUntil(out var end);
        IReadOnlyList<TemplateNode> otherwise = [];
        if (end == "else")
        {
            otherwise = ParseUntil(out end);
        }

        if (end != "end")
        {
            throw new NotSupportedException($"{{{{ {word} {pipeline} }}}} has no end");
        }

        return word switch
        {
            "if" => new TemplateNode.If(pipeline, then, otherwise),
            "with" => new TemplateNode.With(pipeline, then, otherwise),
            _ => new TemplateNode.Range(pipeline, then, otherwise),
        };
    }

    [GeneratedRegex(@"\{\{(- )?(.*?)( -)?\}\}", RegexOptions.Singleline, 1000)]
    private static partial Regex Action();
}
