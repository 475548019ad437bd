using System.CommandLine;
using Octavo.KubernetesClient;
using Octavo.Operator.CustomResources;
using Octavo.Operator.Planning;

namespace Octavo.Operator.Configuration;

/// <summary>The command line: runs the operator; <c>manifests</c> writes what is generated from the types.</summary>
internal static class OperatorCommand
{
    private const int UsageError = 2;
    private const string TextFormat = "text";
    private const string JsonFormat = "json";

    public static RootCommand Create()
    {
        var defaults = new OperatorOptions();
        var kubeconfig = new Option<string?>("--kubeconfig") { Description = "Kubeconfig file. Default: in-cluster, then KUBECONFIG, then ~/.kube/config." };
        var watched = new Option<string[]>("--watch-namespaces", "--namespace")
        {
            Description = "Namespaces to serve, with commas between or by repeating the flag; only rights in these are needed then. Default: all.",
            HelpName = "NAME,NAME",
        };
        var elect = new Option<bool>("--leader-elect") { Description = "Let one of several operators lead, by a Lease." };
        var leaseNamespace = new Option<string?>("--leader-election-namespace") { Description = "Namespace of the Lease. Default: the operator's own." };
        var bind = new Option<string>("--bind-address") { Description = "Where /healthz, /readyz and /metrics answer.", DefaultValueFactory = _ => defaults.BindAddress };
        var image = new Option<string>("--runtime-image") { Description = "Image of services that name none.", DefaultValueFactory = _ => defaults.RuntimeImage };
        var acceleratorImage = new Option<string?>("--accelerator-runtime-image") { Description = "Image of services with spec.accelerator that name none: the runtime with CUDA's libraries. Default: such services are refused." };
        var fetchImage = new Option<string?>("--fetch-image") { Description = "Image that fetches models for runtimes that cannot (vLLM, SGLang). Default: the runtime image." };
        var interval = new Option<double>("--autoscaling-interval") { Description = "Seconds between two looks of the autoscaler.", DefaultValueFactory = _ => defaults.AutoscalingInterval.TotalSeconds };
        var workers = new Option<int>("--workers") { Description = "Services that are reconciled at once.", DefaultValueFactory = _ => defaults.Workers };
        var level = new Option<LogLevel>("--log-level") { Description = "Least important lines to write: Trace, Debug, Information, Warning, Error, Critical or None.", DefaultValueFactory = _ => defaults.LogLevel };
        var format = new Option<string>("--log-format") { Description = "text, or json: one object a line.", DefaultValueFactory = _ => TextFormat };
        format.AcceptOnlyFromAmong(TextFormat, JsonFormat);
        var root = new RootCommand("Octavo's operator: turns InferenceServices into running replicas and scales them.")
        {
            kubeconfig, watched, elect, leaseNamespace, bind, image, acceleratorImage, fetchImage, interval, workers, level, format, Manifests(), PlanCommand.Create(Console.In),
        };
        var features = OperatorFeatures.Create();
        foreach (var flag in features.SelectMany(f => f.Flags))
        {
            root.Options.Add(flag);
        }

        root.SetAction((parsed, cancellationToken) => RunAsync(
            new OperatorOptions
            {
                Features = features,
                Kubeconfig = parsed.GetValue(kubeconfig),
                WatchNamespaces = [.. (parsed.GetValue(watched) ?? []).SelectMany(names => names.Split(',', StringSplitOptions.TrimEntries))],
                LeaderElect = parsed.GetValue(elect),
                LeaderElectionNamespace = parsed.GetValue(leaseNamespace),
                BindAddress = parsed.GetValue(bind)!,
                RuntimeImage = parsed.GetValue(image)!,
                AcceleratorImage = parsed.GetValue(acceleratorImage),
                FetchImage = parsed.GetValue(fetchImage),
                AutoscalingInterval = TimeSpan.FromSeconds(Math.Clamp(parsed.GetValue(interval), 0, 1e6)),
                Workers = parsed.GetValue(workers),
                LogLevel = parsed.GetValue(level),
                LogJson = parsed.GetValue(format) == JsonFormat,
            },
            [.. features.SelectMany(f => f.Read(parsed))],
            parsed.InvocationConfiguration.Error,
            cancellationToken));
        return root;
    }

    private static async Task<int> RunAsync(OperatorOptions options, IReadOnlyList<string> featureErrors, TextWriter error, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> errors = [.. options.Validate(), .. featureErrors];
        if (errors.Count > 0)
        {
            await error.WriteLineAsync(string.Join(Environment.NewLine, errors));
            return UsageError;
        }

        try
        {
            await using var application = OperatorApplication.Build(options);
            await application.RunAsync(cancellationToken);
            return 0;
        }
        catch (Exception e) when (e is KubernetesConfigurationException or IOException)
        {
            await error.WriteLineAsync(e.Message);
            return 1;
        }
    }

    private static Command Manifests()
    {
        var output = new Option<string>("--output") { Description = "Folder to write to: the repository's config.", Required = true };
        var command = new Command("manifests", "Write the CustomResourceDefinition and the roles that are generated from the C# types.") { output };
        command.Hidden = true;
        command.SetAction(parsed => ManifestWriter.WriteTo(parsed.GetValue(output)!));
        return command;
    }
}
