using Octavo.Operator.Controller;
using Octavo.Operator.Workloads;

namespace Octavo.Operator.Rollout;

/// <summary>What a rollout means for the conditions RolloutPlanned and Progressing. Pure.</summary>
internal static class RolloutDiagnosis
{
    /// <summary>The choice and its reason, while replicas are replaced; null else.</summary>
    public static Finding? Planned(RolloutPlan plan) => plan.Decision.IsRolling ? new Finding(true, plan.Decision.Reason, plan.Decision.Message) : null;

    /// <summary>What to say of the progress instead of what the workload tells by itself; null: nothing.</summary>
    public static Finding? Progressing(RolloutPlan plan, WorkloadState workload)
    {
        if (!plan.Decision.IsRolling)
        {
            return null;
        }

        if (plan.Decision.Failure is { } failure)
        {
            var answering = plan.Progress.OldReady switch
            {
                0 => "No replica of the revision before is left that answers.",
                1 => "1 replica of the revision before goes on answering.",
                var ready => $"{ready} replicas of the revision before go on answering.",
            };
            return new Finding(false, "RevisionFailed", $"The new revision is not rolled out further ({failure.Reason}). {failure.Message} {answering}", NeedsPerson: true);
        }

        if (workload.IsPaused)
        {
            return new Finding(true, "Paused", $"Somebody paused {workload.Kind} {workload.Metadata.Name}: nothing is replaced until it is resumed.");
        }

        return workload.Stuck is null ? new Finding(true, "RollingOut", plan.Progress.ToString()) : null;
    }
}
