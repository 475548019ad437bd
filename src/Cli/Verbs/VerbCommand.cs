using System.CommandLine;

namespace Octavo.Cli.Verbs;

/// <summary>Shows a verb in <c>octavo --help</c>; those with an executable never get here, so what remains refuses.</summary>
internal static class VerbCommand
{
    public static Command Create(Verb verb)
    {
        var command = new Command(verb.Name, verb.Description) { TreatUnmatchedTokensAsErrors = false };
        command.SetAction(_ =>
        {
            Console.Error.WriteLine($"octavo {verb.Name}: this version of Octavo does not have it yet.");
            return ExitCode.NotBuilt;
        });
        return command;
    }
}
