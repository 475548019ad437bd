using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Octavo.Operator.Planning;

/// <summary>Plans for people, and for programs. Pure.</summary>
internal static class PlanText
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        // Enumerations as numbers: an exit code is one.
        WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static PlanExitCode ExitCodeOf(IReadOnlyList<ServicePlan> plans) => plans.Select(p => p.ExitCode).DefaultIfEmpty(PlanExitCode.NoChanges).MaxBy(Gravity);

    public static string ToJson(IReadOnlyList<ServicePlan> plans) => JsonSerializer.Serialize(new { exitCode = (int)ExitCodeOf(plans), services = plans }, Json);

    public static string ToText(IReadOnlyList<ServicePlan> plans)
    {
        var text = new StringBuilder();
        foreach (var plan in plans)
        {
            Write(text, plan);
        }

        return text.Append(Summary(ExitCodeOf(plans))).ToString();
    }

    private static void Write(StringBuilder text, ServicePlan plan)
    {
        text.AppendLine($"InferenceService {plan.Namespace}/{plan.Name}: {plan.Action switch { "create" => "would be created", "change" => "would change", _ => "no changes" }}");
        if (plan.Refused is not null)
        {
            text.AppendLine($"  The operator would refuse it: {plan.Refused}");
        }

        foreach (var change in plan.Changes)
        {
            text.AppendLine($"  {change.Action} {change.Kind} {change.Name}");
            foreach (var field in change.Fields)
            {
                text.AppendLine($"    {field}");
            }
        }

        if (plan.Action != "none" && plan.Refused is null)
        {
            text.AppendLine(plan.ReplacedReplicas == 0
                ? $"  Replicas: {plan.TotalReplicas} now, {plan.DesiredReplicas} wanted; none is replaced"
                : $"  Replicas: {plan.TotalReplicas} now, {plan.DesiredReplicas} wanted; {plan.ReplacedReplicas} would be replaced. {plan.Message}");
            if (plan.Accelerator is not null)
            {
                text.AppendLine(
                    $"  Accelerators: {plan.AcceleratorsNeeded} {plan.Accelerator} needed, {plan.AcceleratorsAdditional} of them in addition; free: {(plan.AcceleratorsFree is { } free ? free : $"not known ({plan.Room})")}");
            }

            if (plan.Fits == false)
            {
                text.AppendLine($"  Room: not for all additional replicas ({plan.Room})");
            }

            text.AppendLine($"  Interruption: {plan.Interruption.Level switch { Interruption.Full => "YES", Interruption.Reduced => "no, but less capacity", _ => "no" }} ({plan.Interruption.Why})");
        }

        foreach (var note in plan.Notes)
        {
            text.AppendLine($"  Note: {note}");
        }
    }

    private static string Summary(PlanExitCode code) => code switch
    {
        PlanExitCode.NoChanges => "No changes.",
        PlanExitCode.Changes => "Changes without interruption.",
        PlanExitCode.Interruption => "Changes that interrupt requests.",
        PlanExitCode.DoesNotFit => "Changes that need more room than the cluster has.",
        _ => "Not possible as it is.",
    };

    private static int Gravity(PlanExitCode code) => code switch
    {
        PlanExitCode.NoChanges => 0,
        PlanExitCode.Changes => 1,
        PlanExitCode.Interruption => 2,
        PlanExitCode.DoesNotFit => 3,
        _ => 4,
    };
}
