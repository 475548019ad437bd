using Octavo.Operator.Entities;

namespace Octavo.Operator.Tests.Controller;

/// <summary>How kstatus (kubectl wait for a resource set, Flux, kpt) reads the status of a custom resource.</summary>
internal static class KStatus
{
    public static string Of(V1Alpha1InferenceService service)
    {
        if (service.Metadata.DeletionTimestamp is not null)
        {
            return "Terminating";
        }

        if (service.Status?.ObservedGeneration is { } observed && observed != service.Metadata.Generation)
        {
            return "InProgress";
        }

        var conditions = service.Status?.Conditions ?? [];
        foreach (var condition in conditions)
        {
            switch (condition)
            {
                case { Type: "Reconciling", Status: "True" }:
                    return "InProgress";
                case { Type: "Stalled", Status: "True" }:
                    return "Failed";
            }
        }

        return conditions.FirstOrDefault(c => c.Type == "Ready")?.Status switch
        {
            "True" => "Current",
            "False" or "Unknown" => "InProgress",
            _ => "Current",
        };
    }
}
