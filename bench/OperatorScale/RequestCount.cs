using Octavo.LocalCluster.ApiServer.Faults;

namespace Octavo.OperatorScale;

/// <summary>Counts the requests of the operator alone, which the API server's own counter cannot tell apart: a slow answer without any delay befalls each of them.</summary>
internal sealed class RequestCount
{
    private const string Client = "octavo-operator";
    private readonly FaultPlan plan;

    public RequestCount(FaultPlan plan)
    {
        this.plan = plan;
        plan.Add(new FaultRule { Kind = FaultKind.Slow, Client = Client, Delay = TimeSpan.Zero });
    }

    public int All => plan.Injected.GetValueOrDefault(FaultKind.Slow);
}
