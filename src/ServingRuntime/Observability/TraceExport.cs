using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.Engine.Metrics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Octavo.ServingRuntime.Observability;

/// <summary>Sends the engine's spans where the flag says, over OTLP. Without the flag nothing listens, and no span is made.</summary>
internal sealed class TraceExport(ServingOptions options) : IHostedService, IDisposable
{
    private const int FlushMilliseconds = 5000;

    private TracerProvider? provider;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.OtlpTracesEndpoint is { } endpoint)
        {
            var uri = new Uri(endpoint);
            provider = Sdk.CreateTracerProviderBuilder()
                .ConfigureResource(resource => resource.AddService("octavo-serve"))
                .AddSource(RequestTracing.SourceName)
                .AddOtlpExporter(exporter =>
                {
                    exporter.Endpoint = uri;
                    exporter.Protocol = uri.AbsolutePath.Length > 1 ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
                })
                .Build();
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        provider?.ForceFlush(FlushMilliseconds);
        return Task.CompletedTask;
    }

    public void Dispose() => provider?.Dispose();
}
