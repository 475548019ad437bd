namespace Octavo.Cli.Verbs;

/// <summary>
/// A verb of <c>octavo</c>. <paramref name="Executable"/> is the program beside this one that carries it out; null: the verb is planned and refuses.
/// </summary>
internal sealed record Verb(string Name, string Description, string? Executable, IReadOnlyList<string> LeadingArguments);
