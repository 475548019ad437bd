using System.CommandLine;

namespace Octavo.ServingRuntime.Configuration;

/// <summary>
/// Of a flag that is given more than once the last one counts, as with vLLM: what a user adds to a command line (spec.runtime.args, behind what the operator writes) wins. Flags that take several values keep all of them.
/// </summary>
internal static class RepeatedFlags
{
    /// <returns>The arguments without those that a later one replaces. Of another command than the root itself: as they are.</returns>
    public static IReadOnlyList<string> Resolve(IReadOnlyList<string> arguments, RootCommand root)
    {
        if (arguments.Count == 0 || !arguments[0].StartsWith('-'))
        {
            return arguments;
        }

        var kept = new List<(Option? Option, string[] Tokens)>();
        for (var i = 0; i < arguments.Count;)
        {
            var name = arguments[i].Split('=', 2)[0];
            var option = root.Options.FirstOrDefault(o => o.Name == name && o.Arity.MaximumNumberOfValues <= 1);
            var length = option is null || name.Length < arguments[i].Length || i + 1 == arguments.Count ? 1
                : option.Arity.MinimumNumberOfValues == 1 || bool.TryParse(arguments[i + 1], out _) ? 2
                : 1;
            kept.RemoveAll(earlier => option is not null && earlier.Option == option);
            kept.Add((option, [.. arguments.Skip(i).Take(length)]));
            i += length;
        }

        return [.. kept.SelectMany(part => part.Tokens)];
    }
}
