using System.Text.Json.Nodes;
using Octavo.KubernetesClient.Models;

namespace Octavo.KubernetesClient.Tests;

public sealed class ManagedFieldsTests
{
    private const string Deployment =
        """
        {"metadata":{"name":"d","managedFields":[
          {"manager":"octavo-operator","operation":"Apply","apiVersion":"apps/v1","fieldsType":"FieldsV1","fieldsV1":{
            "f:metadata":{"f:labels":{"f:app":{}}},
            "f:spec":{"f:replicas":{},"f:selector":{},"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"main\"}":{".":{},"f:image":{},"f:name":{}}}}}}}},
          {"manager":"kube-controller-manager","operation":"Update","apiVersion":"apps/v1","fieldsType":"FieldsV1","subresource":"scale","fieldsV1":{"f:spec":{"f:replicas":{}}}},
          {"manager":"injector","operation":"Update","apiVersion":"apps/v1","fieldsType":"FieldsV1","fieldsV1":{
            "f:metadata":{"f:finalizers":{".":{},"v:\"example.dev/x\"":{}}},
            "f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"sidecar\"}":{".":{},"f:image":{}}}}}}}}]}}
        """;

    private static readonly FieldOwner Operator = new("octavo-operator", true, null);
    private static readonly FieldOwner Scaler = new("kube-controller-manager", false, "scale");
    private static readonly FieldOwner Injector = new("injector", false, null);

    [Fact]
    public void Owners_SharedField_AreAllWhoSetIt() => Of("spec", "replicas").Should().Equal(Operator, Scaler);

    [Fact]
    public void Owners_ItemOfAList_AreFoundByItsKeys()
    {
        Of("spec", "template", "spec", "containers", "k:{\"name\":\"sidecar\"}").Should().Equal(Injector);
        Of("spec", "template", "spec", "containers", "k:{\"name\":\"main\"}", "image").Should().Equal(Operator);
        Of("metadata", "finalizers", "v:\"example.dev/x\"").Should().Equal(Injector);
    }

    [Fact]
    public void Owners_ObjectWithOwnedFieldsInIt_AreThoseFieldsOwners() =>
        Of("spec", "template", "spec", "containers").Should().Equal(Operator, Injector);

    [Fact]
    public void Owners_FieldInAnObjectThatIsOwnedWhole_AreTheObjectsOwners() => Of("spec", "selector", "matchLabels", "app").Should().Equal(Operator);

    [Fact]
    public void Owners_FieldThatNobodySet_AreNone()
    {
        Of("spec", "paused").Should().BeEmpty();
        Of("status").Should().BeEmpty();
        Of("metadata", "labels", "ap").Should().BeEmpty();
    }

    [Fact]
    public void Owners_ObjectWithoutManagedFields_AreNone()
    {
        ManagedFields.Owners(new V1ObjectMeta(), "spec").Should().BeEmpty();
        ManagedFields.Owners(new JsonObject(), "spec").Should().BeEmpty();
    }

    private static IReadOnlyList<FieldOwner> Of(params string[] path)
    {
        var untyped = ManagedFields.Owners(JsonNode.Parse(Deployment)!.AsObject(), path);
        var typed = ManagedFields.Owners(KubernetesJson.FromNode<V1Deployment>(JsonNode.Parse(Deployment)!).Metadata, path);
        typed.Should().Equal(untyped);
        return typed;
    }
}
