using System.Globalization;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Resources;
using Octavo.Operator.Scraping;
using Octavo.ServingContract;

namespace Octavo.Operator.Dialects;

/// <summary>
/// A preStop hook for runtimes in Python that abort their requests on SIGTERM: it waits until the pod is out of the address lists, and then until the metrics
/// tell of no request any more, for as long as the drain may take. vLLM has a drain of its own only from 0.18 on; this one serves every release.
/// </summary>
internal static class IdleWait
{
    /// <summary>What a pod gets beyond the drain to close its devices and exit.</summary>
    private const int GraceBeyondDrainSeconds = 30;

    public static RuntimeEnding Of(PodTemplateInputs inputs, ReplicaMetricNames names)
    {
        var drain = ServingPodTemplate.DrainSeconds(inputs.Service);
        return new RuntimeEnding(
            new V1LifecycleHandler { Exec = new V1ExecAction { Command = ["python3", "-c", Script(names, drain)] } },
            RuntimeEnding.RemovalSeconds + drain + GraceBeyondDrainSeconds);
    }

    /// <summary>
    /// Nobody listens, or there is nobody of that name: it is over already, or has never begun. Any other failure is taken for being busy. A worker looks at
    /// its leader, which cannot go on without it.
    /// </summary>
    private static string Script(ReplicaMetricNames names, int drainSeconds)
    {
        var series = string.Join(',', names.Running.Concat(names.Waiting).SelectMany(n => new[] { $"'{n}{{'", $"'{n} '" }));
        return string.Join('\n',
            "import os,socket,time,urllib.request as u",
            $"time.sleep({Text(RuntimeEnding.RemovalSeconds)})",
            $"end=time.monotonic()+{Text(drainSeconds)}",
            "ask=u.build_opener(u.ProxyHandler({}))",
            "host=os.environ.get('LWS_LEADER_ADDRESS','127.0.0.1')",
            "while time.monotonic()<end:",
            " try:",
            $"  page=ask.open('http://'+host+':{Text(ServingPorts.Http)}{ServingPaths.Metrics}',timeout=5).read().decode()",
            $"  busy=sum(float(l.rsplit(' ',1)[1]) for l in page.splitlines() if l.startswith(({series})))",
            " except OSError as e:",
            "  busy=0 if isinstance(getattr(e,'reason',e),(ConnectionRefusedError,socket.gaierror)) else 1",
            " if not busy:",
            "  break",
            " time.sleep(1)");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
