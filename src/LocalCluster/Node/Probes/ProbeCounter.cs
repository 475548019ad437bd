namespace Octavo.LocalCluster.Node.Probes;

/// <summary>The kubelet's thresholds: a result counts only after it came so many times in a row.</summary>
internal sealed class ProbeCounter(int successThreshold, int failureThreshold, bool initial)
{
    private bool? last;
    private int run;

    /// <summary>The result that counts.</summary>
    public bool Passing { get; private set; } = initial;

    /// <summary>True once any result has passed its threshold.</summary>
    public bool Decided { get; private set; }

    /// <summary>Takes one attempt in; true when it reached its threshold, so that <see cref="Passing"/> now says what it said.</summary>
    public bool Observe(bool success)
    {
        run = last == success ? run + 1 : 1;
        last = success;
        if (run < (success ? successThreshold : failureThreshold))
        {
            return false;
        }

        Passing = success;
        Decided = true;
        return true;
    }
}
