using System.Text;
using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Health;
using Octavo.ControllerRuntime.LeaderElection;

namespace Octavo.Operator.Configuration;

/// <summary>What the probes of the operator's own pod answer, and what a person reads who asks with <c>?verbose</c>.</summary>
internal sealed class OperatorHealth(Heartbeats heartbeats, InformerSet informers, Leadership leadership, OperatorOptions options)
{
    /// <summary>Alive: no loop is stuck. An API server that is away is no reason to restart.</summary>
    public (bool IsWell, string Text) Live()
    {
        var stuck = heartbeats.Stuck;
        return stuck.Count == 0 ? (true, "ok") : (false, string.Join('\n', stuck));
    }

    /// <summary>Ready: every cache has been full. Whoever stands by is ready as well.</summary>
    public (bool IsWell, string Text) Ready(bool verbose)
    {
        var isWell = informers.HasSynced;
        return (isWell, verbose ? Details(isWell) : isWell ? "ok" : $"waiting for {string.Join(", ", informers.NotSynced)}");
    }

    /// <summary>As the API server words its own: [+] is well, [-] is what the answer waits for; what is done without says why.</summary>
    private string Details(bool isWell)
    {
        var text = new StringBuilder();
        foreach (var informer in informers.All.OrderBy(i => i.Name, StringComparer.Ordinal))
        {
            text.Append(informer.HasSynced ? "[+]" : "[-]").Append("cache of ").Append(informer.Name);
            text.AppendLine(informer.Complaint is { } complaint ? informer.HasSynced ? $" is not kept at the moment: {complaint}" : $" is not full: {complaint}" : " ok");
        }

        text.Append("[+]leadership: ").AppendLine(!options.LeaderElect ? "nobody contends for it" : leadership.IsLeader ? "this process leads" : "another leads, this process stands by");
        text.Append("[+]namespaces: ").AppendLine(NamespaceScope.Of(options.WatchNamespaces).ToString());
        return text.Append("readyz check ").AppendLine(isWell ? "passed" : "failed").ToString();
    }
}
