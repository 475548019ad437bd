namespace Octavo.LocalCluster.ApiServer.Strategies;

/// <summary>Resources whose delete answers with the object.</summary>
internal sealed class ReturningStrategy : ResourceStrategy
{
    public override bool ReturnsDeletedObject => true;
}
