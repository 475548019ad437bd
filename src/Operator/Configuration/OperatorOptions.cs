using System.Net;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Configuration;

/// <summary>What the operator is started with.</summary>
internal sealed record OperatorOptions
{
    /// <summary>The kubeconfig; null: in-cluster, then KUBECONFIG, then ~/.kube/config.</summary>
    public string? Kubeconfig { get; init; }

    /// <summary>The namespaces to serve; none: all. With some, a Role in each of them is all that is needed.</summary>
    public IReadOnlyList<string> WatchNamespaces { get; init; } = [];

    /// <summary>Whether several operators may run, of which one leads.</summary>
    public bool LeaderElect { get; init; }

    /// <summary>Namespace of the lease; null: the operator's own in a cluster, the kubeconfig's elsewhere.</summary>
    public string? LeaderElectionNamespace { get; init; }

    /// <summary>Where health and metrics answer, as address:port.</summary>
    public string BindAddress { get; init; } = "127.0.0.1:8081";

    /// <summary>Image of services that name none.</summary>
    public string RuntimeImage { get; init; } = "octavo/serving-runtime:0.1.0";

    /// <summary>Image of services with accelerators that name none; null: such services are refused.</summary>
    public string? AcceleratorImage { get; init; }

    /// <summary>Image that fetches models for runtimes that cannot; null: <see cref="RuntimeImage"/>.</summary>
    public string? FetchImage { get; init; }

    /// <summary>Time between two looks of the autoscaler, each of which asks every ready replica.</summary>
    public TimeSpan AutoscalingInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a replica may take to tell its load.</summary>
    public TimeSpan ScrapeTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>InferenceServices that are reconciled at once.</summary>
    public int Workers { get; init; } = 4;

    /// <summary>Lines that are less important are not written.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>A JSON object a line, for collectors, instead of text for people.</summary>
    public bool LogJson { get; init; }

    /// <summary>What the operator consists of, each feature with its own options.</summary>
    public IReadOnlyList<IOperatorFeature> Features { get; init; } = OperatorFeatures.Create();

    /// <summary>Valid only after <see cref="Validate"/> found no error.</summary>
    public IPEndPoint BindEndPoint => IPEndPoint.Parse(BindAddress);

    /// <summary>Of a service that names no image.</summary>
    public string RuntimeImageOf(InferenceServiceSpec spec) => spec.Accelerator is null ? RuntimeImage : AcceleratorImage ?? RuntimeImage;

    /// <summary>All errors; none where the options can be used.</summary>
    public IReadOnlyList<string> Validate()
    {
        var errors = new List<string>();
        if (Kubeconfig is not null && !File.Exists(Kubeconfig))
        {
            errors.Add($"--kubeconfig: {Kubeconfig} does not exist");
        }

        foreach (var name in WatchNamespaces)
        {
            CheckNamespace("--watch-namespaces", name);
        }

        CheckNamespace("--leader-election-namespace", LeaderElectionNamespace);

        if (!IPEndPoint.TryParse(BindAddress, out _) || !BindAddress.Contains(':', StringComparison.Ordinal))
        {
            errors.Add($"--bind-address: '{BindAddress}' is no address:port, such as 127.0.0.1:8081 or [::1]:8081");
        }

        CheckImage("--runtime-image", RuntimeImage);
        if (AcceleratorImage is not null)
        {
            CheckImage("--accelerator-runtime-image", AcceleratorImage);
        }

        if (FetchImage is not null)
        {
            CheckImage("--fetch-image", FetchImage);
        }

        if (AutoscalingInterval < TimeSpan.FromMilliseconds(100) || AutoscalingInterval > TimeSpan.FromMinutes(5))
        {
            errors.Add($"--autoscaling-interval: {AutoscalingInterval.TotalSeconds} s is not between 0.1 and 300");
        }

        if (Workers is < 1 or > 256)
        {
            errors.Add($"--workers: {Workers} is not between 1 and 256");
        }

        return errors;

        void CheckImage(string flag, string image)
        {
            if (image.Length == 0 || image.Any(char.IsWhiteSpace))
            {
                errors.Add($"{flag}: '{image}' is no image");
            }
        }

        void CheckNamespace(string flag, string? name)
        {
            if (name is not null && (name.Length is 0 or > 63 || name.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-')))
            {
                errors.Add($"{flag}: '{name}' is no name of a namespace");
            }
        }
    }
}
