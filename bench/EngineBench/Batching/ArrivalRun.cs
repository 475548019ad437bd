namespace Octavo.EngineBench.Batching;

/// <summary>Requests that come one by one: what they wait, in seconds, sorted. Time in which there is nothing to do is skipped, not waited for.</summary>
internal sealed record ArrivalRun(double[] FirstToken, double[] Completion)
{
    /// <param name="rate">Arrivals per second, a Poisson process.</param>
    public static ArrivalRun Of(EngineHarness harness, bool isStatic, IReadOnlyList<(int[] Prompt, int Outputs)> requests, int slots, double rate, int seed)
    {
        var random = new Random(seed);
        var arrivals = new double[requests.Count];
        for (var i = 1; i < arrivals.Length; i++)
        {
            arrivals[i] = arrivals[i - 1] - (Math.Log(1 - random.NextDouble()) / rate);
        }

        var names = new Dictionary<string, int>(StringComparer.Ordinal);
        var first = new double[requests.Count];
        var completion = new double[requests.Count];
        var start = harness.Time.GetTimestamp();
        var skipped = 0.0;
        for (var next = 0; next < requests.Count || harness.Engine.HasUnfinishedRequests;)
        {
            if (!harness.Engine.HasUnfinishedRequests)
            {
                skipped += Math.Max(0, arrivals[next] - Now());
            }

            // A static batch takes what has come when it begins, and is then closed.
            var open = !isStatic || !harness.Engine.HasUnfinishedRequests;
            for (var taken = 0; open && next < requests.Count && arrivals[next] <= Now() && (!isStatic || taken < slots); taken++, next++)
            {
                names.Add(harness.Add(requests[next].Prompt, requests[next].Outputs), next);
            }

            foreach (var output in harness.Step())
            {
                var request = names[output.RequestId];
                var waited = Now() - arrivals[request];
                first[request] = first[request] == 0 ? waited : first[request];
                completion[request] = output.FinishReason is null ? 0 : waited;
            }
        }

        return new ArrivalRun([.. first.Order()], [.. completion.Order()]);

        double Now() => harness.Time.GetElapsedTime(start).TotalSeconds + skipped;
    }

    public static double Percentile(double[] sorted, double percent) => sorted[(int)(percent / 100 * (sorted.Length - 1))];
}
