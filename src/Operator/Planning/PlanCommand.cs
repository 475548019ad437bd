using System.CommandLine;
using Octavo.KubernetesClient;
using Octavo.Operator.Configuration;

namespace Octavo.Operator.Planning;

/// <summary><c>octavo plan</c>: what applying a file would do.</summary>
internal static class PlanCommand
{
    private const string Description =
        """
        Say what applying a file of InferenceServices would do: objects that change, replicas that are replaced, accelerators that are needed and free, and whether requests are interrupted. Nothing is written.
        Exit codes: 0 no changes, 2 changes without interruption, 3 changes that interrupt requests, 4 replicas would find no room, 1 no plan can be made.
        """;

    public static Command Create(TextReader input)
    {
        var defaults = new OperatorOptions();
        var files = new Option<string[]>("--filename", "-f") { Description = "File of manifests, or - for standard input; may be repeated.", Required = true };
        var old = new Option<string[]>("--old") { Description = "File of what is there now: plans from files alone." };
        var offline = new Option<bool>("--offline") { Description = "Plan from the files alone, even if a cluster could be asked." };
        var kubeconfig = new Option<string?>("--kubeconfig") { Description = "Kubeconfig file. Default: in-cluster, then KUBECONFIG, then ~/.kube/config." };
        var space = new Option<string?>("--namespace", "-n") { Description = "Namespace of manifests that name none. Default: the kubeconfig's." };
        var image = new Option<string>("--runtime-image") { Description = "As the operator is started with.", DefaultValueFactory = _ => defaults.RuntimeImage };
        var acceleratorImage = new Option<string?>("--accelerator-runtime-image") { Description = "As the operator is started with." };
        var fetchImage = new Option<string?>("--fetch-image") { Description = "As the operator is started with." };
        var features = OperatorFeatures.Create();
        var output = new Option<string>("--output", "-o") { Description = "text or json.", DefaultValueFactory = _ => "text" };
        output.AcceptOnlyFromAmong("text", "json");
        var command = new Command("plan", Description) { files, old, offline, kubeconfig, space, image, acceleratorImage, fetchImage, output };
        foreach (var flag in features.SelectMany(f => f.Flags))
        {
            command.Options.Add(flag);
        }

        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (result, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            try
            {
                var isOffline = parsed.GetValue(offline) || parsed.GetValue(old) is { Length: > 0 };
                var cluster = isOffline ? null : KubernetesClientConfiguration.Load(parsed.GetValue(kubeconfig)) with { UserAgent = "octavo-plan" };
                var defaultNamespace = parsed.GetValue(space) ?? cluster?.Namespace ?? "default";
                var services = parsed.GetValue(files)!.SelectMany(f => PlanFile.Read(f, input, defaultNamespace)).ToList();
                var run = new PlanRun(OptionsOf(parsed), TimeProvider.System);
                IReadOnlyList<ServicePlan> plans;
                if (cluster is null)
                {
                    plans = await run.FromFilesAsync(services, [.. (parsed.GetValue(old) ?? []).SelectMany(f => PlanFile.Read(f, input, defaultNamespace))], cancellationToken);
                }
                else
                {
                    using var client = new HttpKubernetesClient(cluster, TimeProvider.System);
                    plans = await run.AgainstClusterAsync(client, services, cancellationToken);
                }

                await result.WriteLineAsync(parsed.GetValue(output) == "json" ? PlanText.ToJson(plans) : PlanText.ToText(plans));
                return (int)PlanText.ExitCodeOf(plans);
            }
            catch (Exception e) when (e is PlanException or KubernetesException)
            {
                await error.WriteLineAsync(e.Message);
                return (int)PlanExitCode.Error;
            }
            catch (Exception e) when (e is KubernetesConfigurationException or HttpRequestException or IOException)
            {
                await error.WriteLineAsync($"{e.Message} (--offline plans from the files alone)");
                return (int)PlanExitCode.Error;
            }
        });
        return command;

        // What pods are made of, as the operator is started with it: the images, and what features are told.
        OperatorOptions OptionsOf(ParseResult parsed)
        {
            var options = defaults with { Features = features, RuntimeImage = parsed.GetValue(image)!, AcceleratorImage = parsed.GetValue(acceleratorImage), FetchImage = parsed.GetValue(fetchImage) };
            IReadOnlyList<string> errors = [.. options.Validate(), .. features.SelectMany(f => f.Read(parsed))];
            return errors.Count == 0 ? options : throw new PlanException(string.Join(Environment.NewLine, errors));
        }
    }
}
