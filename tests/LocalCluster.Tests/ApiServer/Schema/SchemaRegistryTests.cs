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
    public void Find_EveryKindThatSomeDocumentHas_IsFoundWhoeverAsksFirst()
    {
        var documented = OpenApiDocuments.LoadEmbedded().All.SelectMany(d => d.Schemas)
            .SelectMany(s => s.Value!["x-kubernetes-group-version-kind"] as JsonArray ?? [])
            .Select(i => ((string)i!["group"]!, (string)i["version"]!, (string)i["kind"]!)).ToHashSet();
        var resources = BuiltInResources.Load();
        var served = resources.Select(r => (r.Group, r.Version, r.Kind))
            .Concat(resources.SelectMany(r => r.Subresources).Select(s => (s.Group, s.Version, s.Kind)))
            .Distinct().Where(documented.Contains).ToList();
        var found = new ResourceSchema?[served.Count];

        Parallel.For(0, served.Count, i => found[i] = _registry.Find(served[i].Group, served[i].Version, served[i].Kind));

        served.Should().HaveCountGreaterThan(50);
        served.Where((_, i) => found[i] is null).Should().BeEmpty();
        _read.Should().OnlyHaveUniqueItems();
    }
}
