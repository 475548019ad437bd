using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.Operator.Storage;
using Octavo.ServingContract;

namespace Octavo.Operator.Tests.Storage;

/// <summary>Services, Jobs and their pods for tests of shared fetches.</summary>
internal static class FillScene
{
    public const string ModelUri = "hf://org/name@v1";
    public const string Claim = "models";
    public static readonly DateTimeOffset Now = new(2026, 5, 1, 10, 0, 0, TimeSpan.Zero);

    public static InferenceServiceSpec Spec(string uri = ModelUri, string claim = Claim, int? deadline = null) =>
        new() { Model = new ModelSpec { Uri = uri }, Storage = new StorageSpec { ClaimName = claim, Fill = "Job", DeadlineSeconds = deadline } };

    public static V1Alpha1InferenceService Service(string name = "chat", InferenceServiceSpec? spec = null) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "team", Uid = "uid-" + name, CreationTimestamp = Now.AddHours(-1) }, Spec = spec ?? Spec(),
    };

    /// <param name="number">Which one.</param>
    /// <param name="condition">Complete or Failed; null: it runs.</param>
    /// <param name="ended">When.</param>
    /// <param name="reason">Of the condition.</param>
    public static V1Job Job(int number = 1, string? condition = null, DateTimeOffset? ended = null, string? reason = null, bool isDeleted = false, params V1Alpha1InferenceService[] sharing)
    {
        sharing = sharing.Length == 0 ? [Service()] : sharing;
        var job = FillJob.Build(FillKey.Of(sharing[0])!, sharing, "image", "image", number);
        return job with
        {
            Metadata = job.Metadata with { Uid = $"job-{number}", ResourceVersion = "5", DeletionTimestamp = isDeleted ? Now : null },
            Status = condition is null ? null : new V1JobStatus
            {
                CompletionTime = condition == "Complete" ? ended ?? Now.AddMinutes(-10) : null,
                Conditions = [new V1JobCondition { Type = condition, Status = "True", Reason = reason, Message = "told by the controller", LastTransitionTime = ended ?? Now.AddMinutes(-10) }],
            },
        };
    }

    /// <param name="exitCode">Null: it runs.</param>
    /// <param name="node">Null: it has none yet.</param>
    public static V1Pod Pod(int job = 1, int? exitCode = null, string? said = null, string? node = "node-1", string? disruption = null, int at = 0) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = $"fetch-{job}-{at}", NamespaceProperty = "team", CreationTimestamp = Now.AddMinutes(-30 + at), Labels = new Dictionary<string, string> { [FillJob.HashLabel] = FillKey.Of(Service())!.Hash },
            OwnerReferences = [new V1OwnerReference { ApiVersion = "batch/v1", Kind = "Job", Name = "j", Uid = $"job-{job}", Controller = true }],
        },
        Spec = new V1PodSpec { NodeName = node },
        Status = new V1PodStatus
        {
            Phase = exitCode is null ? node is null ? "Pending" : "Running" : exitCode == 0 ? "Succeeded" : "Failed",
            PodIP = node is null ? null : "127.1.0.77",
            Conditions =
            [
                node is null
                    ? new V1PodCondition { Type = "PodScheduled", Status = "False", Reason = "Unschedulable", Message = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims." }
                    : new V1PodCondition { Type = "PodScheduled", Status = "True" },
                .. disruption is null ? Array.Empty<V1PodCondition>() : [new V1PodCondition { Type = "DisruptionTarget", Status = "True", Reason = disruption }],
            ],
            ContainerStatuses = node is null ? null :
            [
                new V1ContainerStatus
                {
                    Name = ServingPodTemplate.ModelContainer,
                    State = exitCode is null
                        ? new V1ContainerState { Running = new V1ContainerStateRunning() }
                        : new V1ContainerState { Terminated = new V1ContainerStateTerminated { ExitCode = exitCode.Value, Message = said, FinishedAt = Now.AddMinutes(-10) } },
                },
            ],
        },
    };

    public static FillInputs Inputs(params V1Job[] jobs) => new()
    {
        Uri = ModelUri, Source = ModelStorage.SourceOf(Service())!, Jobs = jobs, Wishes = new HashSet<string> { FillJob.WishesOf(Service(), null) }, Now = Now,
    };

    public static V1ContainerStateTerminated Missed(DateTimeOffset at) => new() { ExitCode = (int)FetchExitCode.NotFound, FinishedAt = at, Message = "not in the cache" };
}
