using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.OpenApi;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.Tests.ApiServer.Schema;

public sealed class SchemaRegistryTests
{
    private readonly List<string> _read = [];
    private readonly SchemaRegistry _registry;

    public SchemaRegistryTests() => _registry = SchemaRegistry.ForBuiltIns(OpenApiDocuments.LoadEmbedded().All.ToDictionary(
        d => d.Path,
        d => (Func<JsonObject>)(() =>
        {
            lock (_read)
            {
                _read.Add(d.Path);
            }

            return d.Root;
        })));

    [Fact]
    public void Find_KindOfOneGroup_ReadsThatDocumentOnlyAndOnce()
    {
        _registry.Find("batch", "v1", "Job").Should().NotBeNull();
        _registry.Find("batch", "v1", "CronJob").Should().NotBeNull();

        _read.Should().Equal("apis/batch/v1");
    }

    [Fact]
    public void Find_KindThatOnlyASubresourceTakes_IsFoundInTheSharedDocuments()
    {
        _registry.Find("autoscaling", "v1", "Scale").Should().NotBeNull();
        _registry.Find("example.dev", "v1", "Thing").Should().BeNull();

        _read.Should().BeEquivalentTo("api/v1", "apis/apps/v1");
    }

    [Fact]
    public void Find_EveryBuiltInResourceAtOnce_HasASchema()
    {
        var resources = BuiltInResources.Load();
        var found = new ResourceSchema?[resources.Count];

        Parallel.For(0, resources.Count, i => found[i] = _registry.Find(resources[i].Group, resources[i].Version, resources[i].Kind));

        resources.Where((_, i) => found[i] is null).Should().BeEmpty();
        _read.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void Find_EverySubresource_HasASchemaWhereverItsDocumentIs()
    {
        var kinds = BuiltInResources.Load().SelectMany(r => r.Subresources).Where(s => !s.Kind.EndsWith("Options", StringComparison.Ordinal)).Distinct();

        kinds.Where(s => _registry.Find(s.Group, s.Version, s.Kind) is null).Should().BeEmpty();
    }
}
