using System.CommandLine;

namespace Octavo.Gateway.Configuration;

/// <summary>The command line: flags → <see cref="GatewayOptions"/>.</summary>
internal static class GatewayCommand
{
    /// <param name="run">Gets options that are valid; returns the exit code.</param>
    /// <param name="error">Where errors of validation go, one a line.</param>
    public static RootCommand Create(Func<GatewayOptions, CancellationToken, Task<int>> run, TextWriter error)
    {
        var defaults = new GatewayOptions();
        var kubeconfig = new Option<string?>("--kubeconfig") { Description = "Path of a kubeconfig. Default: in-cluster, then KUBECONFIG, then ~/.kube/config." };
        var host = new Option<string>("--host") { Description = "IP address to listen on.", DefaultValueFactory = _ => defaults.Host };
        var port = new Option<int>("--port") { Description = "Port to listen on; 0 takes a free one.", DefaultValueFactory = _ => defaults.Port };
        var namespaces = new Option<string[]>("--watch-namespaces", "--namespace") { Description = "Namespace to watch; may be repeated, or several by commas. Default: all." };
        var apiKeys = new Option<string[]>("--api-key") { Description = "Key that clients must send as bearer token; may be repeated. Default: none is needed." };
        var heldTimeout = Seconds("--held-request-timeout", "Seconds that a request waits while its model has no ready endpoint.", defaults.HeldRequestTimeout);
        var maxHeld = new Option<int>("--max-held-requests") { Description = "Requests held at once per model.", DefaultValueFactory = _ => defaults.WaitingRoom.MaxRequestsPerModel };
        var maxHeldBytes = new Option<long>("--max-held-bytes") { Description = "Bytes of bodies held at once per model.", DefaultValueFactory = _ => defaults.WaitingRoom.MaxBytesPerModel };
        var maxBody = new Option<int>("--max-request-body-bytes") { Description = "Largest request body.", DefaultValueFactory = _ => defaults.Forwarding.MaxRequestBodyBytes };
        var maxBuffered = new Option<long>("--max-buffered-bytes") { Description = "Bytes of all request bodies in memory at once.", DefaultValueFactory = _ => defaults.Forwarding.MaxBufferedBytes };
        var connect = Seconds("--connect-timeout", "Seconds until a connection to an endpoint stands.", defaults.Forwarding.ConnectTimeout);
        var response = Seconds("--response-timeout", "Seconds until an endpoint's response headers.", defaults.Forwarding.ResponseTimeout);
        var idle = Seconds("--idle-stream-timeout", "Seconds of silence after which an answer counts as lost.", defaults.Forwarding.IdleStreamTimeout);
        var attempts = new Option<int>("--max-attempts") { Description = "Endpoints that a request tries.", DefaultValueFactory = _ => defaults.Forwarding.MaxAttempts };
        var shutdown = Seconds("--shutdown-timeout", "Seconds that SIGTERM waits for requests in flight.", defaults.ShutdownTimeout);

        var command = new RootCommand("Routes OpenAI requests to the replicas of InferenceServices.")
        {
            kubeconfig, host, port, namespaces, apiKeys, heldTimeout, maxHeld, maxHeldBytes, maxBody, maxBuffered, connect, response, idle, attempts, shutdown,
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            var options = new GatewayOptions
            {
                Kubeconfig = result.GetValue(kubeconfig),
                Host = result.GetValue(host)!,
                Port = result.GetValue(port),
                Namespaces = [.. (result.GetValue(namespaces) ?? []).SelectMany(n => n.Split(',')).Distinct(StringComparer.Ordinal)],
                ApiKeys = result.GetValue(apiKeys) ?? [],
                HeldRequestTimeout = TimeSpan.FromSeconds(result.GetValue(heldTimeout)),
                WaitingRoom = new() { MaxRequestsPerModel = result.GetValue(maxHeld), MaxBytesPerModel = result.GetValue(maxHeldBytes) },
                Forwarding = new()
                {
                    MaxRequestBodyBytes = result.GetValue(maxBody),
                    MaxBufferedBytes = result.GetValue(maxBuffered),
                    ConnectTimeout = TimeSpan.FromSeconds(result.GetValue(connect)),
                    ResponseTimeout = TimeSpan.FromSeconds(result.GetValue(response)),
                    IdleStreamTimeout = TimeSpan.FromSeconds(result.GetValue(idle)),
                    MaxAttempts = result.GetValue(attempts),
                },
                ShutdownTimeout = TimeSpan.FromSeconds(result.GetValue(shutdown)),
            };
            var errors = GatewayOptionsValidator.Validate(options);
            foreach (var message in errors)
            {
                await error.WriteLineAsync(message);
            }

            return errors.Count > 0 ? 2 : await run(options, cancellationToken);
        });
        return command;
    }

    private static Option<double> Seconds(string name, string description, TimeSpan fallback)
    {
        var option = new Option<double>(name) { Description = description, DefaultValueFactory = _ => fallback.TotalSeconds };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && double.TryParse(result.Tokens[0].Value, System.Globalization.CultureInfo.InvariantCulture, out var seconds) && (!double.IsFinite(seconds) || Math.Abs(seconds) > 1e7))
            {
                result.AddError($"{name}: {result.Tokens[0].Value} seconds are out of range");
            }
        });
        return option;
    }
}
