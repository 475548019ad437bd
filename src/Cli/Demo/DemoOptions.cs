namespace Octavo.Cli.Demo;

/// <summary>What <c>octavo demo</c> is asked to do.</summary>
internal sealed record DemoOptions
{
    /// <summary>Runs all steps, cleans up and returns, instead of staying up.</summary>
    public bool Once { get; init; }

    /// <summary>The checkout: holds config/ and models/.</summary>
    public required string Root { get; init; }

    /// <summary>State, logs and kubeconfig of this run.</summary>
    public string StateFolder => Path.Combine(Root, ".octavo");

    public string KubeConfig => Path.Combine(StateFolder, "kubeconfig");

    /// <summary>Preferred ports; a taken one is replaced by a free one.</summary>
    public int ApiServerPort { get; init; } = 6443;

    public int GatewayPort { get; init; } = 8080;

    public int OperatorPort { get; init; } = 8081;

    /// <summary>Longest time that one step may take.</summary>
    public TimeSpan StepTimeout { get; init; } = TimeSpan.FromSeconds(90);
}
