using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;

namespace Octavo.LocalCluster.ApiServer.Faults;

/// <summary>
/// Faults that the API server injects into requests. What befalls a request follows from the seed, the rule, the request and how often it was made before,
/// not from how requests interleave: the same seed finds the same faults again as far as the clients ask the same. Thread-safe; rules may be changed at any time.
/// </summary>
public sealed class FaultPlan(int seed = 0)
{
    /// <summary>User-Agent of the cluster's own controllers and nodes.</summary>
    internal const string OwnClient = "octavo-local";

    private static readonly string[] Writes = ["update", "patch"];

    private readonly ConcurrentDictionary<(int Rule, FaultTarget Target), int> occurrences = new();
    private readonly ConcurrentDictionary<int, int> spent = new();
    private readonly ConcurrentDictionary<FaultKind, int> injected = new();
    private ImmutableList<(int Id, FaultRule Rule)> rules = [];
    private int nextId;

    public int Seed => seed;

    /// <summary>How many faults of each kind befell requests so far.</summary>
    public IReadOnlyDictionary<FaultKind, int> Injected => injected;

    /// <summary>All kinds of faults for everybody but the cluster's own components.</summary>
    /// <param name="rate">Share of requests that something befalls, 0 to 1; watches are dropped and aged more often, because there are few.</param>
    public static FaultPlan Chaos(int seed, double rate)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rate);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rate, 1);
        var plan = new FaultPlan(seed);
        var each = rate / 6;
        var often = Math.Min(1, rate * 3);
        plan.Add(new FaultRule { Kind = FaultKind.Slow, Rate = each });
        plan.Add(new FaultRule { Kind = FaultKind.TooManyRequests, Rate = each, RetryAfterSeconds = 1 });
        plan.Add(new FaultRule { Kind = FaultKind.TooManyRequests, Rate = each });
        plan.Add(new FaultRule { Kind = FaultKind.ServerError, Rate = each });
        plan.Add(new FaultRule { Kind = FaultKind.Conflict, Rate = each });
        plan.Add(new FaultRule { Kind = FaultKind.LostAnswer, Rate = each });
        plan.Add(new FaultRule { Kind = FaultKind.Gone, Rate = often });
        plan.Add(new FaultRule { Kind = FaultKind.DroppedWatch, Rate = often, Delay = TimeSpan.FromSeconds(20) });
        return plan;
    }

    /// <summary>Reads <c>SEED[:RATE]</c>; the rate is 0.05 where it is left out.</summary>
    /// <exception cref="FormatException">The text has another form.</exception>
    public static FaultPlan ParseChaos(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var rate = 0.05;
        if (!int.TryParse(colon < 0 ? text : text[..colon], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seed)
            || (colon >= 0 && !double.TryParse(text[(colon + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out rate))
            || rate is not (>= 0 and <= 1))
        {
            throw new FormatException($"--chaos \"{text}\" must have the form SEED[:RATE], a whole number and a share from 0 to 1");
        }

        return Chaos(seed, rate);
    }

    /// <returns>A handle for <see cref="Remove"/>.</returns>
    public int Add(FaultRule rule)
    {
        var id = Interlocked.Increment(ref nextId);
        ImmutableInterlocked.Update(ref rules, static (all, added) => all.Add(added), (id, rule));
        return id;
    }

    public void Remove(int id) => ImmutableInterlocked.Update(ref rules, static (all, gone) => all.RemoveAll(r => r.Id == gone), id);

    /// <summary>From now on nothing goes wrong.</summary>
    public void Clear() => ImmutableInterlocked.Update(ref rules, static all => all.Clear());

    /// <summary>The fault of the first rule that strikes, or null.</summary>
    internal Fault? Next(FaultTarget target)
    {
        foreach (var (id, rule) in rules)
        {
            if (!Matches(rule, target))
            {
                continue;
            }

            var occurrence = occurrences.AddOrUpdate((id, target), 1, static (_, count) => count + 1);
            if (rule.Rate < 1 && Chance(id, target, occurrence, salt: 0) >= rule.Rate)
            {
                continue;
            }

            if (rule.Limit is { } limit && spent.AddOrUpdate(id, 1, static (_, count) => count + 1) > limit)
            {
                continue;
            }

            injected.AddOrUpdate(rule.Kind, 1, static (_, count) => count + 1);
            return new Fault(rule.Kind, rule.Rate < 1 ? rule.Delay * Chance(id, target, occurrence, salt: 1) : rule.Delay, rule.RetryAfterSeconds);
        }

        return null;
    }

    private static bool Matches(FaultRule rule, FaultTarget target) =>
        CanBefall(rule.Kind, target.Verb)
        && (rule.Verbs.Count == 0 || rule.Verbs.Contains(target.Verb))
        && (rule.Resources.Count == 0 || rule.Resources.Contains(target.Resource))
        && (rule.Client is { } client ? target.Client.StartsWith(client, StringComparison.Ordinal) : !target.Client.StartsWith(OwnClient, StringComparison.Ordinal));

    private static bool CanBefall(FaultKind kind, string verb) => kind switch
    {
        FaultKind.Gone or FaultKind.DroppedWatch => verb == "watch",
        FaultKind.LostAnswer => verb != "watch",
        FaultKind.Conflict => Writes.Contains(verb),
        _ => true,
    };

    /// <summary>A number from 0 to 1 that depends on the arguments alone: FNV-1a over them, mixed once more so that near inputs give far outputs.</summary>
    private double Chance(int rule, FaultTarget target, int occurrence, int salt)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{seed}|{rule}|{target.Verb}|{target.Resource}|{target.Namespace}|{target.Name}|{target.Client}|{occurrence}|{salt}");
        var hash = 14695981039346656037UL;
        foreach (var character in text)
        {
            hash = (hash ^ character) * 1099511628211UL;
        }

        hash ^= hash >> 33;
        hash *= 0xff51afd7ed558ccdUL;
        hash ^= hash >> 33;
        return (hash >> 11) / (double)(1UL << 53);
    }
}
