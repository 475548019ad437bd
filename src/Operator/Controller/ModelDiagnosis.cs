using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.Operator.Storage;
using Octavo.ServingContract;

namespace Octavo.Operator.Controller;

/// <summary>The condition ModelReady. Pure.</summary>
internal static class ModelDiagnosis
{
    public static Finding Of(ObservedState observed)
    {
        var uri = observed.Service.Spec.Model.Uri;
        if (ModelSource.Of(observed.Service.Spec) is not { } source)
        {
            return new Finding(false, nameof(FetchExitCode.UnsupportedSource), ModelSource.Explain(uri), NeedsPerson: true);
        }

        if (observed.Fill is { IsFilled: false } fill)
        {
            return fill.Finding!;
        }

        // Until a new template is in use its predecessor's pods are the current ones: they may serve another model.
        var pods = observed.CurrentPods.Where(p => p.Metadata.DeletionTimestamp is null && ModelCheck.Serves(p, source)).ToList();
        if (pods.Any(p => PodState.IsReady(p) && !PodState.IsWorker(p)))
        {
            return new Finding(true, "Loaded", $"{uri} is loaded.");
        }

        if (pods.Select(FailedFetch).OfType<V1ContainerStateTerminated>().FirstOrDefault() is { } failure)
        {
            return FetchFailure.Of(uri, source.Path, failure);
        }

        // A model that was loaded stays loaded as far as anyone knows, until a fetch of this very spec fails.
        if (observed.Service.Status?.Conditions?.FirstOrDefault(c => c.Type == ConditionTypes.ModelReady) is { Status: "True" } before
            && before.ObservedGeneration == observed.Generation)
        {
            return new Finding(true, "Loaded", $"{uri} is loaded.");
        }

        if (observed.Fill is not null && pods.Count == 0)
        {
            return new Finding(null, "Loading", $"{uri} is present, and loaded when a replica starts.");
        }

        return observed.Fill is not null || pods.Any(p => ModelStatus(p)?.State?.Terminated?.ExitCode == 0)
            ? new Finding(null, "Loading", $"{uri} is present and being loaded.")
            : pods.Any(FetchContainerState.IsRunning) ? new Finding(null, "Fetching", $"{uri} is being fetched.")
            : new Finding(null, "Fetching", $"No replica has tried {uri} yet.");
    }

    /// <summary>
    /// How the fetch ended that is being retried or will be; null where it succeeded, runs for the first time or has not begun. A replica that looked before a Job
    /// had brought the model looks again by itself.
    /// </summary>
    private static V1ContainerStateTerminated? FailedFetch(V1Pod pod)
    {
        var status = ModelStatus(pod);
        if (status is not null && ModelCheck.FoundNothing(pod, status))
        {
            return null;
        }

        var ended = status?.State?.Terminated ?? status?.LastState?.Terminated;
        return ended is { ExitCode: not 0 } ? ended : null;
    }

    private static V1ContainerStatus? ModelStatus(V1Pod pod) => pod.Status?.InitContainerStatuses?.FirstOrDefault(s => s.Name == ServingPodTemplate.ModelContainer);
}
