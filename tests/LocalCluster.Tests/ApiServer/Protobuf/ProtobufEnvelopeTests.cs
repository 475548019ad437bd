using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Protobuf;

namespace Octavo.LocalCluster.Tests.ApiServer.Protobuf;

public sealed class ProtobufEnvelopeTests
{
    [Fact]
    public void Decode_ConfigMapAsKubectlSendsIt_IsTheObject()
    {
        // kubectl create configmap c2 --from-literal=a=b
        var body = Convert.FromHexString(
            "6b3873000a0f0a0276311209436f6e6669674d617012210a170a02633212001a056b64656d6f22002a0032003800420012060a01611201621a002200");

        ProtobufEnvelope.Decode(body).ToJsonString().Should().Be(
            """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c2","namespace":"kdemo"},"data":{"a":"b"}}""");
    }

    [Fact]
    public void Decode_UnknownKind_RefusesAndNamesApply()
    {
        var body = Convert.FromHexString("6b3873000a0b0a02763112054576656e741200");

        FluentActions.Invoking(() => ProtobufEnvelope.Decode(body)).Should().Throw<ApiException>()
            .Where(e => e.Code == 415).WithMessage("*kubectl apply*");
    }

    [Fact]
    public void Decode_CutOff_IsABadRequest()
    {
        var body = Convert.FromHexString("6b3873000a0f0a0276");

        FluentActions.Invoking(() => ProtobufEnvelope.Decode(body)).Should().Throw<ApiException>().Where(e => e.Code == 400);
    }
}
