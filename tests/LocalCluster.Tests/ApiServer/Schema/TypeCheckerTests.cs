using Octavo.KubernetesClient;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.Tests.ApiServer.Schema;

public sealed class TypeCheckerTests
{
    [Theory]
    [InlineData("""{"metadata":"x"}""", "json: cannot unmarshal string into Go struct field ConfigMap.metadata of type v1.ObjectMeta")]
    [InlineData("""{"metadata":{"name":5}}""", "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string")]
    [InlineData("""{"data":{"a":1}}""", "json: cannot unmarshal number into Go struct field ConfigMap.data of type string")]
    [InlineData("""{"data":[]}""", "json: cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string")]
    [InlineData("""{"immutable":"yes"}""", "json: cannot unmarshal string into Go struct field ConfigMap.immutable of type bool")]
    [InlineData("""{"binaryData":{"a":"!"}}""", "illegal base64 data at input byte 0")]
    public void FindError_ConfigMap_NamesStructFieldAndType(string json, string expected) =>
        TypeChecker.FindError(Schemas.ConfigMap, Schemas.Parse(json)).Should().Be(expected);

    [Theory]
    [InlineData("""{"spec":{"replicas":"3"}}""", "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32")]
    [InlineData("""{"spec":{"replicas":1.5}}""", "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32")]
    [InlineData("""{"spec":{"template":{"spec":{"containers":{}}}}}""", "json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container")]
    [InlineData("""{"spec":{"template":{"spec":{"containers":[{"resources":{"limits":{"cpu":"abc"}}}]}}}}""", ResourceQuantity.PatternError)]
    [InlineData("""{"metadata":{"creationTimestamp":"yesterday"}}""", "parsing time \"yesterday\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"yesterday\" as \"2006\"")]
    public void FindError_Deployment_NamesTheInnermostStruct(string json, string expected) =>
        TypeChecker.FindError(Schemas.Deployment, Schemas.Parse(json)).Should().Be(expected);

    [Theory]
    [InlineData("""{"spec":{"replicas":3,"strategy":{"rollingUpdate":{"maxSurge":"25%","maxUnavailable":1}},"template":{"spec":{"containers":[{"resources":{"limits":{"cpu":1,"memory":"1Gi"}}}]}}}}""")]
    [InlineData("""{"spec":null,"metadata":{"labels":{"a":null}},"bogus":1}""")]
    public void FindError_FittingObject_FindsNone(string json) => TypeChecker.FindError(Schemas.Deployment, Schemas.Parse(json)).Should().BeNull();

    [Fact]
    public void FindError_CustomResource_LeavesTypesToValidation() =>
        TypeChecker.FindError(Schemas.Widget, Schemas.Parse("""{"spec":{"size":"big"}}""")).Should().BeNull();
}
