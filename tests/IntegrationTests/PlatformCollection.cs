namespace Octavo.IntegrationTests;

/// <summary>Tests that share one running platform, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class PlatformCollection : ICollectionFixture<Platform>
{
    public const string Name = "platform";
}
