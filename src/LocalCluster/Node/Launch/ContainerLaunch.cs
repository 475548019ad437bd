using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Node.Processes;

namespace Octavo.LocalCluster.Node.Launch;

/// <summary>From a container to the process that stands for it. Pure but for looking whether files exist.</summary>
internal static class ContainerLaunch
{
    /// <summary>What a process needs of its surroundings to run at all; everything else comes from the pod.</summary>
    private static readonly string[] InheritedVariables =
        ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "DOTNET_ROOT", "DOTNET_ROOT_X64", "DOTNET_HOST_PATH", "LD_LIBRARY_PATH"];

    /// <param name="environment">The container's own variables, not yet rewritten.</param>
    /// <param name="paths">Image paths, mounts and the termination message's file.</param>
    /// <param name="defaultWorkingDirectory">A folder of the container's own, used where no workingDir is given or it does not exist on the host.</param>
    /// <param name="inherited">The node's own variables.</param>
    public static ProcessSpecification Build(V1Container container, ImageMapping image, IReadOnlyDictionary<string, string> environment, PathMap paths,
        string hostName, string defaultWorkingDirectory, IReadOnlyDictionary<string, string> inherited)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in InheritedVariables)
        {
            if (inherited.TryGetValue(name, out var value))
            {
                variables[name] = value;
            }
        }

        variables["HOSTNAME"] = hostName;
        foreach (var (name, value) in environment)
        {
            variables[name] = paths.Rewrite(value);
        }

        var command = Expand(container.Command, environment, paths);
        var arguments = Expand(container.Args, environment, paths);
        var workingDirectory = WorkingDirectory(container.WorkingDir, paths, defaultWorkingDirectory);
        return command.Count > 0
            ? new ProcessSpecification
            {
                FileName = FindExecutable(command[0], variables, workingDirectory),
                Arguments = [.. command.Skip(1), .. arguments],
                Environment = variables,
                WorkingDirectory = workingDirectory,
            }
            : new ProcessSpecification
            {
                FileName = FindExecutable(image.Executable, variables, workingDirectory),
                Arguments = [.. image.LeadingArguments, .. arguments],
                Environment = variables,
                WorkingDirectory = workingDirectory,
            };
    }

    /// <summary>A command to run beside the container (probe or hook), in its environment.</summary>
    public static ProcessSpecification BuildExec(IReadOnlyList<string> command, ProcessSpecification container, PathMap paths)
    {
        if (command.Count == 0)
        {
            throw new ContainerConfigException("StartError", "exec: no command");
        }

        var rewritten = command.Select(paths.Rewrite).ToList();
        return container with
        {
            FileName = FindExecutable(rewritten[0], container.Environment, container.WorkingDirectory),
            Arguments = rewritten[1..],
        };
    }

    private static List<string> Expand(IReadOnlyList<string>? texts, IReadOnlyDictionary<string, string> environment, PathMap paths) =>
        [.. (texts ?? []).Select(t => paths.Rewrite(VariableExpansion.Expand(t, environment)))];

    private static string WorkingDirectory(string? wanted, PathMap paths, string fallback) =>
        wanted is not { Length: > 0 } ? fallback
        : paths.ToHost(wanted) is { } mapped && Directory.Exists(mapped) ? mapped
        : Directory.Exists(wanted) ? wanted
        : fallback;

    private static string FindExecutable(string name, IReadOnlyDictionary<string, string> variables, string workingDirectory)
    {
        if (name.Contains('/', StringComparison.Ordinal))
        {
            var path = Path.GetFullPath(name, workingDirectory);
            return File.Exists(path) ? path : throw Missing(name, "no such file or directory");
        }

        var found = variables.GetValueOrDefault("PATH", "/usr/local/bin:/usr/bin:/bin").Split(':')
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
        return found ?? throw Missing(name, "executable file not found in $PATH");
    }

    private static ContainerConfigException Missing(string name, string why) =>
        new("StartError", $"failed to start container process on the host: exec: \"{name}\": {why}");
}
