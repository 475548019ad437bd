using System.CommandLine;
using Octavo.Cli.Demo;
using Octavo.Cli.Verbs;

// A verb that is an executable of its own replaces this process, as git does: signals, terminal and exit code are the verb's own.
if (args.Length > 0 && VerbCatalog.Find(args[0]) is { Executable: not null } verb)
{
    return ProcessImage.Replace(ExecutableLocator.Find(verb.Executable), [.. verb.LeadingArguments, .. args[1..]]);
}

var root = new RootCommand("Octavo: language models on Kubernetes, from custom resource to kernel.");
root.Subcommands.Add(DemoCommand.Create());
foreach (var entry in VerbCatalog.All)
{
    root.Subcommands.Add(VerbCommand.Create(entry));
}

// Ctrl-C cancels the verb; the demo then stops what it started, which takes as long as its pods need to drain.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(90) });
