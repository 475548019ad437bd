using System.CommandLine;

namespace Octavo.LoadGenerator.Configuration;

/// <summary>The verb <c>serve</c>.</summary>
internal static class ServeCommand
{
    /// <param name="run">Gets options that are valid; returns the exit code.</param>
    /// <param name="error">Where errors of validation go, one a line.</param>
    public static Command Create(Func<ServeOptions, CancellationToken, Task<int>> run, TextWriter error)
    {
        var flags = new ServeFlags();
        var command = new Command("serve", "Measures latency and throughput of answers. Exits 1 if a request failed.");
        flags.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var (options, errors) = flags.Read(result);
            foreach (var message in errors)
            {
                await error.WriteLineAsync(message);
            }

            return errors.Count > 0 ? 2 : await run(options, cancellationToken);
        });
        return command;
    }
}
