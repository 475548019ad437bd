using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster;

/// <summary>One node of a cluster, with what sets it apart from the others.</summary>
public sealed record ClusterNode
{
    private const string LabelPrefix = "label:";
    private const string TaintPrefix = "taint:";

    public required string Name { get; init; }

    /// <summary>Plays a kubelet by a script instead of running processes; thousands of pods cost no more than their objects.</summary>
    public bool IsHollow { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<V1Taint> Taints { get; init; } = [];

    /// <summary>Quantities by name: cpu, memory, pods and devices; what is not named is as for every node of the cluster.</summary>
    public IReadOnlyDictionary<string, string> Resources { get; init; } = new Dictionary<string, string>();

    /// <summary>Reads <c>NAME[,hollow][,label:KEY=VALUE][,taint:KEY[=VALUE]:EFFECT][,RESOURCE=QUANTITY]...</c>.</summary>
    /// <exception cref="FormatException">The text has another form.</exception>
    public static ClusterNode Parse(string text)
    {
        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        var (labels, resources) = (new Dictionary<string, string>(StringComparer.Ordinal), new Dictionary<string, string>(StringComparer.Ordinal));
        var taints = new List<V1Taint>();
        var isHollow = false;
        if (parts[0].Length == 0 || parts[0].Contains('=', StringComparison.Ordinal))
        {
            throw new FormatException($"--node \"{text}\" must begin with the node's name");
        }

        foreach (var part in parts[1..])
        {
            if (part == "hollow")
            {
                isHollow = true;
            }
            else if (part.StartsWith(LabelPrefix, StringComparison.Ordinal))
            {
                var (key, value) = Pair(text, part[LabelPrefix.Length..]);
                labels[key] = value;
            }
            else if (part.StartsWith(TaintPrefix, StringComparison.Ordinal))
            {
                taints.Add(Taint(text, part[TaintPrefix.Length..]));
            }
            else
            {
                var (name, quantity) = Pair(text, part);
                _ = ResourceQuantity.Parse(quantity);
                resources[name] = quantity;
            }
        }

        return new ClusterNode { Name = parts[0], IsHollow = isHollow, Labels = labels, Taints = taints, Resources = resources };
    }

    private static (string Key, string Value) Pair(string text, string part)
    {
        var equals = part.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 ? (part[..equals], part[(equals + 1)..]) : throw new FormatException($"--node \"{text}\": \"{part}\" is neither hollow, label:KEY=VALUE, taint:KEY[=VALUE]:EFFECT nor RESOURCE=QUANTITY");
    }

    private static V1Taint Taint(string text, string part)
    {
        var colon = part.LastIndexOf(':');
        var effect = colon < 0 ? "" : part[(colon + 1)..];
        if (effect is not ("NoSchedule" or "PreferNoSchedule" or "NoExecute"))
        {
            throw new FormatException($"--node \"{text}\": the taint \"{part}\" must end with :NoSchedule, :PreferNoSchedule or :NoExecute");
        }

        var equals = part.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 || equals > colon
            ? new V1Taint { Key = part[..colon], Effect = effect }
            : new V1Taint { Key = part[..equals], Value = part[(equals + 1)..colon], Effect = effect };
    }
}
