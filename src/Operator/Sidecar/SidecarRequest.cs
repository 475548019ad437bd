using System.Globalization;
using Octavo.ServingContract;

namespace Octavo.Operator.Sidecar;

/// <summary>What a Deployment's annotations ask for.</summary>
/// <param name="Service">The InferenceService's name, in the Deployment's namespace.</param>
/// <param name="Port">On 127.0.0.1 of the pods.</param>
internal sealed record SidecarRequest(string Service, int Port)
{
    public const int DefaultPort = ServingPorts.Http;

    /// <summary>Below it a program that is not root may not listen everywhere.</summary>
    private const int LowestPort = 1024;

    private const int ProbeDistance = ServingPorts.Probe - ServingPorts.Http;
    private const int HighestPort = 65535 - ProbeDistance;

    /// <summary>Where health and readiness are told to the kubelet, which does not come in by loopback. It moves with <see cref="Port"/>.</summary>
    public int ProbePort => Port + ProbeDistance;

    /// <summary>Null where nothing is asked for, or, with <paramref name="problem"/>, what cannot be.</summary>
    public static SidecarRequest? Of(InjectedDeployment deployment, out string? problem)
    {
        problem = null;
        if (deployment.Annotation(SidecarNames.Inject) is not { } service)
        {
            return null;
        }

        if (service.Length is 0 or > 63 || service.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-'))
        {
            problem = $"The annotation {SidecarNames.Inject} is '{service}', which is no name of an InferenceService.";
            return null;
        }

        if (deployment.Annotation(SidecarNames.InjectPort) is not { } text)
        {
            return new SidecarRequest(service, DefaultPort);
        }

        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < LowestPort or > HighestPort)
        {
            problem = $"The annotation {SidecarNames.InjectPort} is '{text}', which is no port from {LowestPort} to {HighestPort}.";
            return null;
        }

        return new SidecarRequest(service, port);
    }
}
