using System.Text;

namespace Octavo.LocalCluster.Node.Launch;

/// <summary><c>$(NAME)</c> in command, args and env values, by Kubernetes' rules: <c>$$</c> escapes, an unknown name stays as it is written.</summary>
internal static class VariableExpansion
{
    public static string Expand(string text, IReadOnlyDictionary<string, string> variables)
    {
        if (!text.Contains('$', StringComparison.Ordinal))
        {
            return text;
        }

        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '$' || i + 1 == text.Length)
            {
                result.Append(text[i]);
                continue;
            }

            i++;
            if (text[i] == '$')
            {
                result.Append('$');
                continue;
            }

            var close = text[i] == '(' ? text.IndexOf(')', i) : -1;
            if (close < 0)
            {
                result.Append('$').Append(text[i]);
                continue;
            }

            var name = text[(i + 1)..close];
            result.Append(variables.TryGetValue(name, out var value) ? value : $"$({name})");
            i = close;
        }

        return result.ToString();
    }
}
