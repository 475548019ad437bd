using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Node.Probes;

/// <summary>One probe of one run of a container, attempted by its period until cancelled.</summary>
/// <param name="name">Startup, Readiness or Liveness, as events name it.</param>
/// <param name="initial">What counts until a threshold is reached.</param>
/// <param name="second">Length of a second of the API.</param>
internal sealed class ProbeLoop(string name, V1Probe probe, bool initial, ProbeRunner runner, ProbeTarget target, TimeSpan second, TimeProvider time)
{
    public string Name => name;

    /// <param name="onDecided">Told each result that reached its threshold; returning false ends the loop.</param>
    /// <param name="onFailure">Told why an attempt failed.</param>
    public async Task RunAsync(Func<bool, bool> onDecided, Func<string, Task> onFailure, CancellationToken cancellationToken)
    {
        var counter = new ProbeCounter(Math.Max(1, probe.SuccessThreshold ?? 1), Math.Max(1, probe.FailureThreshold ?? 3), initial);
        var period = Math.Max(1, probe.PeriodSeconds ?? 10) * second;
        var timeout = Math.Max(1, probe.TimeoutSeconds ?? 1) * second;
        await Task.Delay((probe.InitialDelaySeconds ?? 0) * second, time, cancellationToken).ConfigureAwait(false);
        while (true)
        {
            var result = await runner.RunAsync(probe, target, timeout, cancellationToken).ConfigureAwait(false);
            if (!result.Success)
            {
                await onFailure(result.Output).ConfigureAwait(false);
            }

            if (counter.Observe(result.Success) && !onDecided(counter.Passing))
            {
                return;
            }

            await Task.Delay(period, time, cancellationToken).ConfigureAwait(false);
        }
    }
}
