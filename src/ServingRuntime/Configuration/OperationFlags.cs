using System.CommandLine;
using Octavo.ServingContract;

namespace Octavo.ServingRuntime.Configuration;

/// <summary>The flags of whoever runs the server: admin and probe listeners, traces, logs.</summary>
internal sealed class OperationFlags
{
    private readonly Option<string> adminHost = new(ServingFlags.AdminHost) { Description = "Address of the admin listener.", DefaultValueFactory = _ => "127.0.0.1" };
    private readonly Option<int?> adminPort = new(ServingFlags.AdminPort) { Description = "Port of the admin listener (/stats, /load, /metrics, /drain, /resume, /reset_prefix_cache). Default: there is none." };
    private readonly Option<string?> adminKeys = new(ServingFlags.AdminApiKeyFile) { Description = "File of keys for the admin listener; needed unless it listens on loopback." };
    private readonly Option<int?> probePort = new(ServingFlags.ProbePort) { Description = "Port on all interfaces that answers /health and /ready and nothing else: for a server whose API is on loopback. Default: there is none." };
    private readonly Option<string?> traces = new(ServingFlags.OtlpTracesEndpoint) { Description = "Where to send OpenTelemetry traces: http://host:4317 (gRPC), or with a path as in http://host:4318/v1/traces (HTTP)." };
    private readonly Option<bool> requestMetrics = new(ServingFlags.EnablePerRequestMetrics) { Description = "Put a request's timings into its answer; a client may ask for its own by the header X-Request-Metrics: true." };
    private readonly Option<string> logFormat = new(ServingFlags.LogFormat) { Description = "text or json.", DefaultValueFactory = _ => "text" };
    private readonly Option<bool> noStats = new(ServingFlags.DisableLogStats) { Description = "No line of throughput and load every ten seconds of traffic." };

    public void AddTo(RootCommand command)
    {
        foreach (var option in (Option[])[adminHost, adminPort, adminKeys, probePort, traces, requestMetrics, logFormat, noStats])
        {
            command.Add(option);
        }
    }

    public ServingOptions Apply(ParseResult parsed, ServingOptions options) => options with
    {
        AdminHost = parsed.GetValue(adminHost)!,
        AdminPort = parsed.GetValue(adminPort),
        AdminApiKeyFile = parsed.GetValue(adminKeys),
        ProbeHost = BindAddress.Of("0.0.0.0", Environment.GetEnvironmentVariable(ServingEnvironment.BindHost)),
        ProbePort = parsed.GetValue(probePort),
        OtlpTracesEndpoint = parsed.GetValue(traces),
        PerRequestMetrics = parsed.GetValue(requestMetrics),
        LogFormat = parsed.GetValue(logFormat)!,
        LogStats = !parsed.GetValue(noStats),
    };
}
