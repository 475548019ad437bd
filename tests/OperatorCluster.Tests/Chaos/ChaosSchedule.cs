using Octavo.LocalCluster.ApiServer.Faults;

namespace Octavo.OperatorCluster.Tests.Chaos;

/// <summary>A run made up from a seed: what happens, in which order, and how long the cluster is left alone in between. Pure.</summary>
internal sealed record ChaosSchedule(int Seed, IReadOnlyList<(int PauseMilliseconds, ChaosStep Step)> Steps)
{
    public const int Nodes = 3;
    public const int AcceleratorsOfANode = 4;

    private static readonly string[] Services = ["alpha", "beta", "gamma", "delta"];
    private static readonly string[] Reads = ["get", "list", "watch"];

    public static ChaosSchedule Of(int seed, int steps = 16)
    {
        var random = new Random(seed);
        var wishes = new Dictionary<string, ServiceWish>(StringComparer.Ordinal);
        var made = new List<(int, ChaosStep)>();
        // Two services at first, so that there is something for faults to befall.
        foreach (var service in Services[..2])
        {
            made.Add((random.Next(200), NewWish(random, service, wishes)));
        }

        while (made.Count < steps)
        {
            made.Add((random.Next(50, 500), Next(random, wishes)));
        }

        return new ChaosSchedule(seed, made);
    }

    public override string ToString() => $"seed {Seed}\n" + string.Join('\n', Steps.Select(s => $"  after {s.PauseMilliseconds} ms: {s.Step}"));

    private static ChaosStep Next(Random random, Dictionary<string, ServiceWish> wishes)
    {
        var service = Services[random.Next(Services.Length)];
        switch (random.Next(20))
        {
            case < 6:
                return NewWish(random, service, wishes);
            case 6:
                wishes.Remove(service);
                return new ChaosStep.DeleteService(service);
            case 7 or 8:
                return new ChaosStep.DeletePod(service, random.Next(8));
            case 9:
                return new ChaosStep.Drift(service);
            case 10:
                return new ChaosStep.FailNode($"node-{random.Next(Nodes)}");
            case 11:
                return new ChaosStep.RecoverNodes();
            case 12 or 13:
                return new ChaosStep.PartitionLeader(random.Next(2, 40));
            case 14:
                return new ChaosStep.KillLeader(Upgrades: random.Next(2) == 0);
            case 15:
                return new ChaosStep.Compact();
            case 16:
                return new ChaosStep.Calm();
            default:
                return Storm(random);
        }
    }

    /// <summary>Wishes that can all be met at once, however earlier pods are spread over the nodes: a run that could not end would prove nothing.</summary>
    private static ChaosStep NewWish(Random random, string service, Dictionary<string, ServiceWish> wishes)
    {
        // A replica takes two at most, so each node may have one left that fits nobody.
        var free = (Nodes * (AcceleratorsOfANode - 1)) - wishes.Where(w => w.Key != service).Sum(w => w.Value.AcceleratorsInAll);
        ServiceWish wish;
        do
        {
            var previous = wishes.GetValueOrDefault(service);
            // Mostly a scaling or a new template, seldom both.
            wish = previous is null || random.Next(4) == 0
                ? new ServiceWish(random.Next(0, 4), random.Next(3), random.Next(3), random.Next(3) == 0)
                : random.Next(2) == 0 ? previous with { Replicas = random.Next(0, 5) } : previous with { Variant = random.Next(3) };
        }
        while (wish.AcceleratorsInAll > free);
        wishes[service] = wish;
        return new ChaosStep.Wish(service, wish);
    }

    private static ChaosStep.Storm Storm(Random random) => random.Next(7) switch
    {
        0 => new(FaultKind.DroppedWatch, 0.8, []),
        1 => new(FaultKind.Gone, 0.5, []),
        2 => new(FaultKind.Conflict, 0.5, []),
        3 => new(FaultKind.TooManyRequests, 0.4, []),
        4 => new(FaultKind.ServerError, 0.3, random.Next(2) == 0 ? Reads : []),
        5 => new(FaultKind.LostAnswer, 0.3, []),
        _ => new(FaultKind.Slow, 0.5, []),
    };
}
