using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.Tests.ApiServer.Schema;

public sealed class ObjectValidatorTests
{
    private const string LabelRule = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

    private static string[] Validate(string json, string? old = null)
    {
        var obj = Schemas.Parse(json);
        var schema = Schemas.For(obj);
        Defaulter.Apply(schema, obj);
        var before = old is null ? null : Schemas.Parse(old);
        if (before is not null)
        {
            Defaulter.Apply(schema, before);
        }

        return ObjectValidator.Validate(obj["kind"]!.GetValue<string>(), schema, obj, before).Select(e => e.ToString()).ToArray();
    }

    [Fact]
    public void Validate_EmptyDeployment_GivesAllCauses() => Validate("""{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{}}""").Should().BeEquivalentTo(
        "spec.selector: Required value",
        "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`",
        "spec.template.spec.containers: Required value");

    [Fact]
    public void Validate_BadDeployment_GivesAllCauses() => Validate("""
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":-1,"selector":{"matchLabels":{"app":"web"}},
        "template":{"metadata":{"labels":{"app":"other"}},"spec":{"containers":[{"name":"Main!","image":""}]}}}}
        """).Should().BeEquivalentTo(
        "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
        "spec.template.metadata.labels: Invalid value: {\"app\":\"other\"}: `selector` does not match template `labels`",
        $"spec.template.spec.containers[0].name: Invalid value: \"Main!\": {LabelRule}",
        "spec.template.spec.containers[0].image: Required value");

    [Fact]
    public void Validate_DeploymentSelectorChanged_IsImmutable() => Validate(
        """{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"selector":{"matchLabels":{"app":"new"}},"template":{"metadata":{"labels":{"app":"new"}},"spec":{"containers":[{"name":"a","image":"i"}]}}}}""",
        """{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"selector":{"matchLabels":{"app":"old"}},"template":{"metadata":{"labels":{"app":"old"}},"spec":{"containers":[{"name":"a","image":"i"}]}}}}""")
        .Should().Equal("spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"new\"}}: field is immutable");

    [Fact]
    public void Validate_BadPod_GivesAllCauses() => Validate("""
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"i"},{"name":"a","image":"i","ports":[{"containerPort":70000}],
        "env":[{"name":"1=x"}],"imagePullPolicy":"Sometimes","resources":{"requests":{"cpu":"2"},"limits":{"cpu":"1"}}}],"restartPolicy":"Maybe"}}
        """).Should().BeEquivalentTo(
        "spec.containers[1].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
        "spec.containers[1].env[0].name: Invalid value: \"1=x\": a valid environment variable name must consist only of printable ASCII characters other than '='",
        "spec.containers[1].imagePullPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"IfNotPresent\", \"Never\"",
        "spec.containers[1].resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1",
        "spec.containers[1].name: Duplicate value: \"a\"",
        "spec.restartPolicy: Unsupported value: \"Maybe\": supported values: \"Always\", \"OnFailure\", \"Never\"");

    [Theory]
    [InlineData("\"activeDeadlineSeconds\":10", false)]
    [InlineData("\"tolerations\":[{\"key\":\"a\",\"operator\":\"Exists\"}]", false)]
    [InlineData("\"hostname\":\"x\"", true)]
    [InlineData("\"nodeName\":\"n\"", true)]
    public void Validate_PodUpdate_AllowsOnlyAFewFields(string change, bool refused)
    {
        const string Pod = """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"i"}]%}}""";

        var errors = Validate(Pod.Replace("%", "," + change, StringComparison.Ordinal), Pod.Replace("%", "", StringComparison.Ordinal));

        errors.Should().HaveCount(refused ? 1 : 0);
        errors.Where(e => !(e.StartsWith("spec: Forbidden: pod updates may not change fields other than", StringComparison.Ordinal))).Should().BeEmpty();
    }

    [Theory]
    [InlineData("""{"ports":[]}""", "spec.ports: Required value")]
    [InlineData("""{"ports":[{"port":0}]}""", "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive|spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive")]
    [InlineData("""{"ports":[{"port":1},{"port":2,"name":"a"}]}""", "spec.ports[0].name: Required value")]
    [InlineData("""{"type":"ExternalName"}""", "spec.externalName: Required value")]
    [InlineData("""{"type":"Odd","ports":[{"port":1}]}""", "spec.type: Unsupported value: \"Odd\": supported values: \"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\"")]
    [InlineData("""{"clusterIP":"None"}""", "")]
    public void Validate_Service_SaysWhatIsWrong(string spec, string expected) =>
        Validate($$$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"s"},"spec":{{{spec}}}}""").Should().BeEquivalentTo(expected.Split('|', StringSplitOptions.RemoveEmptyEntries));

    [Fact]
    public void Validate_ServiceAddressChanged_IsRefused() => Validate(
        """{"apiVersion":"v1","kind":"Service","metadata":{"name":"s"},"spec":{"clusterIP":"10.96.200.201","clusterIPs":["10.96.0.7"],"ports":[{"port":1}]}}""",
        """{"apiVersion":"v1","kind":"Service","metadata":{"name":"s"},"spec":{"clusterIP":"10.96.0.7","clusterIPs":["10.96.0.7"],"ports":[{"port":1}]}}""")
        .Should().Equal("spec.clusterIPs[0]: Invalid value: [\"10.96.200.201\"]: may not change once set");

    [Theory]
    [InlineData("""{"immutable":true,"data":{"k":"2"}}""", "data: Forbidden: field is immutable when `immutable` is set")]
    [InlineData("""{"data":{"k":"1"}}""", "immutable: Forbidden: field is immutable when `immutable` is set")]
    [InlineData("""{"immutable":true,"data":{"k":"1"}}""", "")]
    public void Validate_ImmutableConfigMap_KeepsItsData(string changed, string expected)
    {
        var obj = Schemas.Parse(changed);
        (obj["apiVersion"], obj["kind"], obj["metadata"]) = ("v1", "ConfigMap", Schemas.Parse("""{"name":"a","labels":{"x":"y"}}"""));

        Validate(obj.ToJsonString(), """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"immutable":true,"data":{"k":"1"}}""")
            .Should().BeEquivalentTo(expected.Split('|', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void Validate_TlsSecretWithoutKeys_RequiresThem() => Validate("""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"t"},"type":"kubernetes.io/tls"}""")
        .Should().BeEquivalentTo("data[tls.crt]: Required value", "data[tls.key]: Required value");

    [Theory]
    [InlineData("""{"action":"FailJob","onExitCodes":{"containerName":"a","operator":"In","values":[10,11]}}""", "Never", "")]
    [InlineData("""{"action":"Ignore","onPodConditions":[{"type":"DisruptionTarget","status":"True"}]}""", "Never", "")]
    [InlineData("""{"action":"Ignore","onPodConditions":[{"type":"DisruptionTarget","status":"True"}]}""", "OnFailure",
        "spec.template.spec.restartPolicy: Invalid value: \"OnFailure\": only \"Never\" is supported when podFailurePolicy is specified")]
    [InlineData("""{"action":"FailIndex","onExitCodes":{"operator":"In","values":[1]}}""", "Never", "spec.podFailurePolicy.rules[0].action: Invalid value: \"FailIndex\": requires the backoffLimitPerIndex to be set")]
    [InlineData("""{"action":"Count","onExitCodes":{"containerName":"b","operator":"In","values":[0,2,1,1]}}""", "Never",
        "spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: \"b\": must be one of the container or initContainer names in the pod template|spec.podFailurePolicy.rules[0].onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator|spec.podFailurePolicy.rules[0].onExitCodes.values[3]: Duplicate value: 1|spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [0,2,1,1]: must be ordered")]
    [InlineData("""{"action":"Count"}""", "Never", "spec.podFailurePolicy.rules[0]: Invalid value: null: specifying one of OnExitCodes and OnPodConditions is required")]
    public void Validate_JobsFailurePolicy_IsCheckedAsTheApiDoes(string rule, string restart, string expected) => Validate(
        $$$"""{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j"},"spec":{"podFailurePolicy":{"rules":[{{{rule}}}]},"template":{"spec":{"restartPolicy":"{{{restart}}}","containers":[{"name":"a","image":"i"}]} } } }""")
        .Should().BeEquivalentTo(expected.Split('|', StringSplitOptions.RemoveEmptyEntries));

    [Fact]
    public void Validate_JobThatRestartsAlways_IsRefused() => Validate(
        """{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j"},"spec":{"template":{"spec":{"restartPolicy":"Always","containers":[{"name":"a","image":"i"}]}}}}""")
        .Should().Equal("spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\"");

    [Theory]
    [InlineData("v1", "ConfigMap", "Bad_Name", "metadata.name: Invalid value: \"Bad_Name\": a lowercase RFC 1123 subdomain")]
    [InlineData("v1", "ConfigMap", "a.b", null)]
    [InlineData("v1", "Namespace", "a.b", "metadata.name: Invalid value: \"a.b\": a lowercase RFC 1123 label")]
    [InlineData("rbac.authorization.k8s.io/v1", "ClusterRole", "system:a", null)]
    [InlineData("rbac.authorization.k8s.io/v1", "ClusterRole", "a/b", "metadata.name: Invalid value: \"a/b\": may not contain '/'")]
    [InlineData("v1", "ConfigMap", "", "metadata.name: Required value: name or generateName is required")]
    public void Validate_Name_FollowsTheRuleOfItsKind(string apiVersion, string kind, string name, string? error)
    {
        var errors = Validate($$$"""{"apiVersion":"{{{apiVersion}}}","kind":"{{{kind}}}","metadata":{"name":"{{{name}}}"}}""");

        errors.Should().HaveCount(error is null ? 0 : 1);
        errors.Where(e => !(e.StartsWith(error!, StringComparison.Ordinal))).Should().BeEmpty();
    }

    [Theory]
    [InlineData("a b", "v", "metadata.labels: Invalid value: \"a b\": name part must consist of")]
    [InlineData("a/b/c", "v", "metadata.labels: Invalid value: \"a/b/c\": a qualified name must consist of")]
    [InlineData("-/b", "v", "metadata.labels: Invalid value: \"-/b\": prefix part a lowercase RFC 1123 subdomain")]
    [InlineData("k", "no spaces", "metadata.labels: Invalid value: \"no spaces\": a valid label must be an empty string or consist of")]
    [InlineData("example.dev/ok", "v", null)]
    public void Validate_Label_FollowsTheRules(string key, string value, string? error)
    {
        var errors = Validate($$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","labels":{"{{{key}}}":"{{{value}}}"} } }""");

        errors.Should().HaveCount(error is null ? 0 : 1);
        errors.Where(e => !(e.StartsWith(error!, StringComparison.Ordinal))).Should().BeEmpty();
    }

    [Fact]
    public void Validate_UidChanged_IsNamedTwiceAsTheServerDoes() => Validate(
        """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","uid":"2"}}""", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","uid":"1"}}""")
        .Should().Equal("metadata.uid: Invalid value: \"2\": field is immutable", "metadata.uid: Invalid value: \"2\": field is immutable");

    [Fact]
    public void Validate_NewEvent_MustSayWhoAndWhat() => Validate("""
        {"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{"name":"e"},"eventTime":"2026-01-02T03:04:05.000000Z","reportingInstance":"i","reason":"r","type":"Odd"}
        """).Should().BeEquivalentTo(
        "reportingController: Required value",
        "reportingController: Invalid value: \"\": name part must be non-empty",
        "reportingController: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        "action: Required value",
        "type: Invalid value: \"\": has invalid value: Odd");

    [Fact]
    public void Validate_FinalizerAddedWhileDeleting_IsRefused() => Validate(
        """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","deletionTimestamp":"2026-01-01T00:00:00Z","finalizers":["e.dev/a","e.dev/b"]}}""",
        """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","deletionTimestamp":"2026-01-01T00:00:00Z","finalizers":["e.dev/a"]}}""")
        .Should().Equal("metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{\"e.dev/b\"}");
}
