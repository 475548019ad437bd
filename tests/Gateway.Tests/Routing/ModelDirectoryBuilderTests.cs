using Octavo.Gateway.Routing;
using Octavo.KubernetesClient.Models;
using Octavo.ServingContract;

namespace Octavo.Gateway.Tests.Routing;

public sealed class ModelDirectoryBuilderTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Build_ServiceWithSlices_RoutesAllItsNamesToReadyEndpoints()
    {
        var directory = ModelDirectoryBuilder.Build(
            [Service("a", "tiny", "octavo-tiny, tiny-alias ,")],
            [Slice("a", "tiny", ("127.1.0.2", true), ("127.1.0.1", null), ("127.1.0.3", false)), Slice("b", "tiny", ("10.0.0.1", true)), Slice("a", "other", ("10.0.0.2", true))]);

        directory.Names.Should().Equal("octavo-tiny", "tiny-alias");
        var route = directory.Find("tiny-alias")!;
        route.Should().BeSameAs(directory.Find("octavo-tiny"));
        route.Model.Should().Be("octavo-tiny");
        route.Endpoints.Should().Equal(new BackendEndpoint("127.1.0.1", 8000), new BackendEndpoint("127.1.0.2", 8000));
        directory.FindByKey("a/tiny").Should().BeSameAs(route);
    }

    [Fact]
    public void Build_ServiceWithoutAnnotation_IsNamedAsItsInferenceService() =>
        ModelDirectoryBuilder.Build([Service("a", "tiny", null)], []).Names.Should().Equal("tiny");

    [Fact]
    public void Build_ServiceWithoutLabel_IsLeftOut()
    {
        var service = Service("a", "x", "x");
        service = service with { Metadata = service.Metadata with { Labels = new Dictionary<string, string>() } };

        ModelDirectoryBuilder.Build([service], []).Names.Should().BeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Build_TwoServicesWithOneName_OldestWinsInAnyOrder(bool reversed)
    {
        V1Service[] services = [Service("b", "older", "shared", Start), Service("a", "younger", "shared,own", Start.AddHours(1))];
        var directory = ModelDirectoryBuilder.Build(reversed ? services.Reverse() : services, []);

        directory.Find("shared")!.Key.Should().Be("b/older");
        directory.Find("own")!.Key.Should().Be("a/younger");
        directory.Collisions.Should().Equal(new ModelCollision("shared", "b/older", "a/younger"));
    }

    [Fact]
    public void Build_SameAge_NamespaceAndNameDecide() =>
        ModelDirectoryBuilder.Build([Service("b", "s", "m"), Service("a", "s", "m")], []).Find("m")!.Key.Should().Be("a/s");

    [Fact]
    public void Build_DualStack_CountsEachReplicaOnce()
    {
        var v6 = Slice("a", "tiny", ("fd00::1", true)) with { AddressType = "IPv6" };

        ModelDirectoryBuilder.Build([Service("a", "tiny", null)], [v6, Slice("a", "tiny", ("10.0.0.1", true))]).Find("tiny")!
            .Endpoints.Should().Equal(new BackendEndpoint("10.0.0.1", 8000));
        ModelDirectoryBuilder.Build([Service("a", "tiny", null)], [v6]).Find("tiny")!.Endpoints.Single().Authority.Should().Be("[fd00::1]:8000");
    }

    [Fact]
    public void Build_EndpointInTwoSlices_CountsOnce() =>
        ModelDirectoryBuilder.Build([Service("a", "tiny", null)], [Slice("a", "tiny", ("10.0.0.1", true)), Slice("a", "tiny", ("10.0.0.1", true))]).Find("tiny")!
            .Endpoints.Should().ContainSingle();

    [Fact]
    public void Build_SeveralPorts_TakesTheOneNamedHttp()
    {
        var slice = Slice("a", "tiny", ("10.0.0.1", true)) with { Ports = [new Discoveryv1EndpointPort { Name = "grpc", Port = 9 }, new Discoveryv1EndpointPort { Name = "http", Port = 10 }] };

        ModelDirectoryBuilder.Build([Service("a", "tiny", null)], [slice]).Find("tiny")!.Endpoints.Single().Port.Should().Be(10);
    }

    internal static V1Service Service(string namespaceName, string name, string? modelNames, DateTimeOffset? created = null) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = name,
            NamespaceProperty = namespaceName,
            CreationTimestamp = created ?? Start,
            Labels = new Dictionary<string, string> { [ServingLabels.InferenceService] = name },
            Annotations = modelNames is null ? null : new Dictionary<string, string> { [ServingLabels.ModelNames] = modelNames },
        },
    };

    internal static V1EndpointSlice Slice(string namespaceName, string service, params (string Address, bool? Ready)[] endpoints) => new()
    {
        Metadata = new V1ObjectMeta { Name = service + "-abc", NamespaceProperty = namespaceName, Labels = new Dictionary<string, string> { ["kubernetes.io/service-name"] = service } },
        AddressType = "IPv4",
        Ports = [new Discoveryv1EndpointPort { Name = "http", Port = 8000 }],
        Endpoints = [.. endpoints.Select(e => new V1Endpoint { Addresses = [e.Address], Conditions = e.Ready is null ? null : new V1EndpointConditions { Ready = e.Ready } })],
    };
}
