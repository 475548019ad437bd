using System.Globalization;

namespace Octavo.Operator.Rollout;

/// <summary>The answer to a <see cref="CapacityQuestion"/>.</summary>
internal sealed record CapacityProof
{
    /// <summary>Pods that were asked for.</summary>
    public required int Wanted { get; init; }

    /// <summary>Pods that certainly find room, whatever the waiting pods of others take first; counted up to <see cref="Wanted"/> only.</summary>
    public required int Slots { get; init; }

    /// <summary>Why nothing can be proven, for people; null where the counting stands.</summary>
    public string? Unprovable { get; init; }

    public string? Accelerator { get; init; }

    /// <summary>Accelerators that the pods that were asked for need.</summary>
    public long AcceleratorsNeeded { get; init; }

    /// <summary>Accelerators that no pod has, on the nodes that match.</summary>
    public long AcceleratorsFree { get; init; }

    /// <summary>Nodes that suit the pod but for what is taken.</summary>
    public int MatchingNodes { get; init; }

    /// <summary>Pods of others that wait and could take some of that room.</summary>
    public int Rivals { get; init; }

    public bool IsProven => Unprovable is null && Slots >= Wanted;

    /// <summary>As in "need 2 nvidia.com/gpu, free 0 on 3 matching nodes".</summary>
    public override string ToString()
    {
        if (Unprovable is not null)
        {
            return Unprovable;
        }

        var nodes = MatchingNodes == 1 ? "1 matching node" : $"{MatchingNodes} matching nodes";
        var rivals = Rivals == 0 ? "" : Rivals == 1 ? "; 1 pod of others waits for it" : $"; {Rivals} pods of others wait for it";
        var fits = Slots < Wanted && AcceleratorsFree >= AcceleratorsNeeded && Rivals == 0 && MatchingNodes > 0 ? ", but on no node together with what else the replica needs" : "";
        return Accelerator is null
            ? string.Create(CultureInfo.InvariantCulture, $"need room for {Wanted} more, found it for {Slots} on {nodes}{rivals}")
            : string.Create(CultureInfo.InvariantCulture, $"need {AcceleratorsNeeded} {Accelerator}, free {AcceleratorsFree} on {nodes}{fits}{rivals}");
    }
}
