namespace Octavo.LocalCluster.Tests;

[CollectionDefinition(Name)]
public sealed class RunningClusterDefinition : ICollectionFixture<RunningCluster>
{
    public const string Name = "running cluster";
}
