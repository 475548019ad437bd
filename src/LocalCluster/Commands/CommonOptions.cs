using System.CommandLine;

namespace Octavo.LocalCluster.Commands;

/// <summary>Options that several verbs share, and how their values are read.</summary>
internal static class CommonOptions
{
    public static Option<string[]> Image() => new("--image")
    {
        HelpName = "NAME=EXE[,CONTAINER_PATH=HOST_PATH...]",
        Description = "Run containers of image NAME (any tag) as the executable EXE, an absolute path; values that begin with CONTAINER_PATH are rewritten to HOST_PATH. A folder instead of EXE holds the files of an image volume. May be repeated.",
        DefaultValueFactory = _ => [],
        AllowMultipleArgumentsPerToken = false,
    };

    public static Option<string[]> Gpu() => new("--gpu")
    {
        HelpName = "RESOURCE=COUNT",
        Description = "Let each node pretend to have devices, for example nvidia.com/gpu=8. May be repeated.",
        DefaultValueFactory = _ => [],
    };

    public static Option<LogLevel> Verbosity() => new("--log-level")
    {
        HelpName = "LEVEL",
        Description = "Least level of the log on standard error: Trace, Debug, Information, Warning, Error or None.",
        DefaultValueFactory = _ => LogLevel.Warning,
    };

    /// <summary>Reads <c>KEY=VALUE</c> pairs; throws <see cref="FormatException"/> that names the option.</summary>
    public static Dictionary<string, string> Pairs(string option, IEnumerable<string> values)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var value in values)
        {
            var equals = value.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new FormatException($"{option} \"{value}\" must have the form KEY=VALUE");
            }

            result[value[..equals]] = value[(equals + 1)..];
        }

        return result;
    }

    public static ILoggerFactory CreateLoggers(LogLevel level) => LoggerFactory.Create(builder => builder
        .SetMinimumLevel(level)
        .AddFilter("Microsoft", LogLevel.Warning)
        .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
}
