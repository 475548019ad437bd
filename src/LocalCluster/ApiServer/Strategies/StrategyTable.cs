using Octavo.LocalCluster.ApiServer.Resources;

namespace Octavo.LocalCluster.ApiServer.Strategies;

/// <summary>Which resources behave in their own way.</summary>
internal sealed class StrategyTable(string serviceCidr)
{
    // Resources, besides custom ones, whose metadata.generation counts changes of their spec.
    private static readonly HashSet<string> WithGeneration = new(StringComparer.Ordinal)
    {
        "pods", "podtemplates", "replicationcontrollers", "daemonsets.apps", "deployments.apps", "replicasets.apps", "statefulsets.apps",
        "cronjobs.batch", "jobs.batch", "poddisruptionbudgets.policy", "ingresses.networking.k8s.io", "ingressclasses.networking.k8s.io",
        "networkpolicies.networking.k8s.io", "endpointslices.discovery.k8s.io", "customresourcedefinitions.apiextensions.k8s.io",
        "priorityclasses.scheduling.k8s.io", "mutatingwebhookconfigurations.admissionregistration.k8s.io",
        "validatingwebhookconfigurations.admissionregistration.k8s.io", "validatingadmissionpolicies.admissionregistration.k8s.io",
        "validatingadmissionpolicybindings.admissionregistration.k8s.io", "mutatingadmissionpolicies.admissionregistration.k8s.io",
        "mutatingadmissionpolicybindings.admissionregistration.k8s.io", "flowschemas.flowcontrol.apiserver.k8s.io",
        "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
    };

    private static readonly ResourceStrategy Plain = new();
    private static readonly ResourceStrategy Returning = new ReturningStrategy();

    private readonly Dictionary<string, ResourceStrategy> _strategies = new(StringComparer.Ordinal)
    {
        ["namespaces"] = new NamespaceStrategy(),
        ["secrets"] = new SecretStrategy(),
        ["pods"] = new PodStrategy(),
        ["services"] = new ServiceStrategy(new ServiceAllocator(serviceCidr)),
        ["jobs.batch"] = new JobStrategy(),
        ["events"] = new EventStrategy(),
        ["serviceaccounts"] = Returning,
        ["persistentvolumes"] = Returning,
        ["persistentvolumeclaims"] = Returning,
        ["resourcequotas"] = Returning,
        ["podtemplates"] = Returning,
        ["storageclasses.storage.k8s.io"] = Returning,
        ["csidrivers.storage.k8s.io"] = Returning,
        ["csinodes.storage.k8s.io"] = Returning,
        ["volumeattachments.storage.k8s.io"] = Returning,
        ["customresourcedefinitions.apiextensions.k8s.io"] = new CustomResourceDefinitionStrategy(),
    };

    public ResourceStrategy For(GroupResource resource) => _strategies.GetValueOrDefault(resource.ToString(), Plain);

    public static bool HasGeneration(ResourceDefinition resource) => resource.IsCustom || WithGeneration.Contains(resource.Storage.ToString());
}
