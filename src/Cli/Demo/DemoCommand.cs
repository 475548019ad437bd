using System.CommandLine;

namespace Octavo.Cli.Demo;

/// <summary><c>octavo demo</c>: the whole platform on this machine.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var once = new Option<bool>("--once") { Description = "Run every step, check it, clean up and exit: 0, or 1 naming the step that failed" };
        var root = new Option<string?>("--root") { Description = "Checkout that holds config/ and models/ (default: found from here upwards)" };
        var apiPort = new Option<int>("--api-port") { Description = "Preferred port of the API server", DefaultValueFactory = _ => 6443 };
        var gatewayPort = new Option<int>("--gateway-port") { Description = "Preferred port of the gateway", DefaultValueFactory = _ => 8080 };
        var stepTimeout = new Option<int>("--step-timeout") { Description = "Seconds that one step may take", DefaultValueFactory = _ => 90 };
        var command = new Command("demo", "Start an embedded cluster, the operator and the gateway; serve the model that ships; scale it") { once, root, apiPort, gatewayPort, stepTimeout };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var folder = parsed.GetValue(root) ?? CheckoutFinder.Find(Environment.CurrentDirectory) ?? CheckoutFinder.Find(AppContext.BaseDirectory);
            if (folder is null)
            {
                await Console.Error.WriteLineAsync("octavo demo: no checkout (a folder with config/crds and models/octavo-tiny) here or above; name it with --root.".AsMemory(), cancellationToken);
                return ExitCode.Failure;
            }

            var options = new DemoOptions
            {
                Once = parsed.GetValue(once),
                Root = Path.GetFullPath(folder),
                ApiServerPort = parsed.GetValue(apiPort),
                GatewayPort = parsed.GetValue(gatewayPort),
                StepTimeout = TimeSpan.FromSeconds(parsed.GetValue(stepTimeout)),
            };
            var runner = new DemoRunner(options, DemoConsole.Create(), TimeProvider.System);
            return await runner.RunAsync(cancellationToken);
        });
        return command;
    }
}
