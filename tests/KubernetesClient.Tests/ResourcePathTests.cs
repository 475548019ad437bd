using Octavo.KubernetesClient.Models;

namespace Octavo.KubernetesClient.Tests;

public sealed class ResourcePathTests
{
    [Fact]
    public void For_GroupedKind_HasGroupNamespaceNameAndSubresource() =>
        ResourcePath.For<V1Deployment>("n", "d", "scale").Should().Be("/apis/apps/v1/namespaces/n/deployments/d/scale");

    [Fact]
    public void For_NameWithASlash_CannotLeaveItsPlace() =>
        ResourcePath.For<V1ConfigMap>("n", "../secrets").Should().Be("/api/v1/namespaces/n/configmaps/..%2Fsecrets");

    [Fact]
    public void For_ObjectWithoutNamespace_IsRefused() =>
        FluentActions.Invoking(() => ResourcePath.For<V1Pod>(null, "p")).Should().Throw<ArgumentException>();

    [Fact]
    public void For_ClusterScopedObject_NeedsNone() => ResourcePath.For<V1Node>(null, "x").Should().Be("/api/v1/nodes/x");

    [Fact]
    public void For_KindWithoutAPath_IsRefused() =>
        FluentActions.Invoking(() => ResourcePath.For<V1Binding>("n")).Should().Throw<InvalidOperationException>();
}
