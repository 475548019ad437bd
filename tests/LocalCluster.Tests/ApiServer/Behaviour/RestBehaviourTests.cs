using static Octavo.LocalCluster.Tests.ApiServer.Behaviour.ApiCaller;

namespace Octavo.LocalCluster.Tests.ApiServer.Behaviour;

/// <summary>How a real server answers ordinary requests, where no recorded case of it is at hand.</summary>
public sealed class RestBehaviourTests : IAsyncLifetime
{
    private const string Pod = """{"metadata":{"name":"p","labels":{"app":"p"}},"spec":{"containers":[{"name":"c","image":"i"}]}}""";
    private ApiCaller api = null!;

    public async Task InitializeAsync() => api = await ApiCaller.StartAsync();

    public async Task DisposeAsync() => await api.DisposeAsync();

    [Fact]
    public async Task Service_Created_GetsPortDefaultsAndKeepsItsAddress()
    {
        const string Services = "/api/v1/namespaces/default/services";
        var created = await api.SendAsync("POST", Services, """{"metadata":{"name":"s"},"spec":{"ports":[{"port":80}]}}""");
        created.Body!["spec"]!["ports"]![0]!.ToJsonString().Should().Be("""{"port":80,"protocol":"TCP","targetPort":80}""");
        var address = created.Body["spec"]!["clusterIP"]!.ToString();
        var kept = await api.SendAsync("PUT", $"{Services}/s", """{"metadata":{"name":"s"},"spec":{"ports":[{"port":81}]}}""");
        (kept.Status, kept.Body!["spec"]!["clusterIP"]!.ToString()).Should().Be((200, address));
        var moved = await api.SendAsync("PATCH", $"{Services}/s", """{"spec":{"clusterIP":"10.96.9.9","clusterIPs":["10.96.9.9"]}}""", Merge);
        moved.Status.Should().Be(422);
        moved.Message.Should().Contain("may not change once set");
    }

    [Fact]
    public async Task PodDelete_Bound_StaysForItsGraceAndMovesTheGeneration()
    {
        await api.SendAsync("POST", Pods, Pod);
        var bound = await api.SendAsync("POST", $"{Pods}/p/binding", """{"metadata":{"name":"p"},"target":{"kind":"Node","name":"n"}}""");
        (bound.Status, bound.Body!["status"]!.ToString()).Should().Be((201, "Success"));
        var again = await api.SendAsync("POST", $"{Pods}/p/binding", """{"metadata":{"name":"p"},"target":{"kind":"Node","name":"n"}}""");
        (again.Status, again.Body!["details"]!["kind"]!.ToString()).Should().Be((409, "pods/binding"));

        var before = (await api.SendAsync("GET", $"{Pods}/p")).Generation;
        var deleted = await api.SendAsync("DELETE", $"{Pods}/p");
        (deleted.Status, deleted.Body!["kind"]!.ToString(), deleted.Body["metadata"]!["deletionGracePeriodSeconds"]!.GetValue<int>()).Should().Be((200, "Pod", 30));
        deleted.Generation.Should().Be(before + 1);
        DateTimeOffset.Parse(deleted.Body["metadata"]!["deletionTimestamp"]!.ToString(), System.Globalization.CultureInfo.InvariantCulture).Should().BeAfter(TimeProvider.System.GetUtcNow());
        (await api.SendAsync("DELETE", $"{Pods}/p?gracePeriodSeconds=0")).Status.Should().Be(200);
        (await api.SendAsync("GET", $"{Pods}/p")).Status.Should().Be(404);
    }

    [Fact]
    public async Task PodDelete_Unbound_GoesAtOnceAndComesBackAsTheObject()
    {
        await api.SendAsync("POST", Pods, Pod);
        var deleted = await api.SendAsync("DELETE", $"{Pods}/p");
        (deleted.Status, deleted.Body!["kind"]!.ToString()).Should().Be((200, "Pod"));
        (await api.SendAsync("GET", $"{Pods}/p")).Status.Should().Be(404);
    }

    [Fact]
    public async Task GenerateName_FiveCharactersAreAppendedAndANameWins()
    {
        var generated = await api.SendAsync("POST", Maps, """{"metadata":{"generateName":"a-"}}""");
        generated.Body!["metadata"]!["name"]!.ToString().Should().MatchRegex("^a-[a-z0-9]{5}$");
        generated.Body["metadata"]!["generateName"]!.ToString().Should().Be("a-");
        (await api.SendAsync("POST", Maps, """{"metadata":{"generateName":"a-","name":"b"}}""")).Body!["metadata"]!["name"]!.ToString().Should().Be("b");
        var neither = await api.SendAsync("POST", Maps, """{"metadata":{}}""");
        (neither.Status, neither.Message).Should().Be((422, "ConfigMap \"\" is invalid: metadata.name: Required value: name or generateName is required"));
    }

    [Fact]
    public async Task DryRun_AnswersAsIfItWereDoneAndDoesNothing()
    {
        var created = await api.SendAsync("POST", $"{Maps}?dryRun=All", """{"metadata":{"name":"a"}}""");
        created.Status.Should().Be(201);
        var metadata = created.Body!["metadata"]!;
        (metadata["uid"] is not null, metadata["creationTimestamp"] is not null, metadata["resourceVersion"] is null).Should().Be((true, true, true));
        (await api.SendAsync("GET", $"{Maps}/a")).Status.Should().Be(404);
        await api.SendAsync("POST", Maps, """{"metadata":{"name":"a"}}""");
        var deleted = await api.SendAsync("DELETE", $"{Maps}/a?dryRun=All");
        (deleted.Status, deleted.Body!["status"]!.ToString()).Should().Be((200, "Success"));
        var changed = await api.SendAsync("PATCH", $"{Maps}/a?dryRun=All", """{"data":{"k":"v"}}""", Merge);
        changed.Body!["data"]!["k"]!.ToString().Should().Be("v");
        (await api.SendAsync("GET", $"{Maps}/a")).Body!["data"].Should().BeNull();
        var bad = await api.SendAsync("POST", $"{Maps}?dryRun=Some", """{"metadata":{"name":"b"}}""");
        (bad.Status, bad.Body!["details"]!["kind"]!.ToString(), bad.Body["details"]!["group"]!.ToString()).Should().Be((422, "CreateOptions", "meta.k8s.io"));
    }

    [Fact]
    public async Task FieldValidation_UnknownAndDuplicateFields_AreRefusedWarnedOfOrIgnored()
    {
        const string Body = """{"metadata":{"name":"a","bogus":1},"data":{"k":"1","k":"2"},"more":true}""";
        var strict = await api.SendAsync("POST", $"{Maps}?fieldValidation=Strict", Body);
        strict.Status.Should().Be(400);
        strict.Message.Should().StartWith("ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: ")
            .And.Contain("unknown field \"metadata.bogus\"").And.Contain("unknown field \"more\"").And.Contain("duplicate field \"data.k\"");
        var warned = await api.SendAsync("POST", Maps, Body);
        warned.Status.Should().Be(201);
        string.Join(' ', warned.Warnings).Should().Contain("299 - \"unknown field \\\"more\\\"\"").And.Contain("unknown field \\\"metadata.bogus\\\"");
        (await api.SendAsync("PUT", $"{Maps}/a?fieldValidation=Ignore", Body)).Warnings.Should().BeEmpty();
        var patched = await api.SendAsync("PATCH", $"{Maps}/a?fieldValidation=Strict", """{"more":true}""", Merge);
        patched.Status.Should().Be(422);
        patched.Message.Should().StartWith(" \"\" is invalid: patch: Invalid value: \"{").And.EndWith("strict decoding error: unknown field \"more\"");
    }

    [Fact]
    public async Task Writes_ThatChangeNothing_KeepTheVersion()
    {
        var created = await api.SendAsync("POST", Maps, """{"metadata":{"name":"a"},"data":{"k":"v"}}""");
        (await api.SendAsync("PUT", $"{Maps}/a", """{"metadata":{"name":"a"},"data":{"k":"v"}}""")).Version.Should().Be(created.Version);
        (await api.SendAsync("PATCH", $"{Maps}/a", """{"data":{"k":"v"}}""", Merge)).Version.Should().Be(created.Version);
        (await api.SendAsync("PATCH", $"{Maps}/a", "{}", Merge)).Version.Should().Be(created.Version);
        var watched = await api.WatchAsync($"{Maps}?resourceVersion={created.Version}");
        watched.Should().BeEmpty();
    }

    [Fact]
    public async Task Lease_StaleUpdate_Conflicts()
    {
        const string Leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
        var created = await api.SendAsync("POST", Leases, """{"metadata":{"name":"l"},"spec":{"holderIdentity":"a","leaseDurationSeconds":15}}""");
        created.Generation.Should().BeNull();
        string With(string holder) => $$$"""{"metadata":{"name":"l","resourceVersion":"{{{created.Version}}}"},"spec":{"holderIdentity":"{{{holder}}}","leaseDurationSeconds":15} }""";
        (await api.SendAsync("PUT", $"{Leases}/l", With("b"))).Status.Should().Be(200);
        var stale = await api.SendAsync("PUT", $"{Leases}/l", With("c"));
        (stale.Status, stale.Body!["reason"]!.ToString()).Should().Be((409, "Conflict"));
        stale.Message.Should().Be("Operation cannot be fulfilled on leases.coordination.k8s.io \"l\": the object has been modified; please apply your changes to the latest version and try again");
        var bad = await api.SendAsync("POST", Leases, """{"metadata":{"name":"m"},"spec":{"leaseDurationSeconds":0}}""");
        (bad.Status, bad.Message).Should().Be((422, "Lease.coordination.k8s.io \"m\" is invalid: spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"));
    }

    [Fact]
    public async Task Continue_ThatIsNone_IsRefused()
    {
        (await api.SendAsync("GET", $"{Maps}?limit=1&continue=nonsense")).Status.Should().Be(400);
        await api.SendAsync("POST", Maps, """{"metadata":{"name":"a"}}""");
        await api.SendAsync("POST", Maps, """{"metadata":{"name":"b"}}""");
        var token = (await api.SendAsync("GET", $"{Maps}?limit=1")).Body!["metadata"]!["continue"]!.ToString();
        var both = await api.SendAsync("GET", $"{Maps}?limit=1&continue={token}&resourceVersion=5");
        (both.Status, both.Body!["reason"]!.ToString()).Should().Be((400, "BadRequest"));
    }

    [Fact]
    public async Task Eviction_NoDisruptionLeft_Is429WithItsCause()
    {
        const string Budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
        await api.SendAsync("POST", Pods, Pod);
        await api.SendAsync("PATCH", $"{Pods}/p/status", """{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}""", Merge);
        await api.SendAsync("POST", Budgets, """{"metadata":{"name":"b"},"spec":{"minAvailable":1,"selector":{"matchLabels":{"app":"p"}}}}""");
        Task<ApiAnswer> EvictAsync() => api.SendAsync("POST", $"{Pods}/p/eviction", """{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"p"}}""");
        var early = await EvictAsync();
        early.Body!["details"]!["causes"]![0]!["message"]!.ToString().Should().Be("The disruption budget b is still being processed by the server.");
        await api.SendAsync("PATCH", $"{Budgets}/b/status", """{"status":{"observedGeneration":1,"disruptionsAllowed":0,"currentHealthy":1,"desiredHealthy":1,"expectedPods":1}}""", Merge);
        var refused = await EvictAsync();
        (refused.Status, refused.Body!["reason"]!.ToString(), refused.Message).Should().Be((429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget."));
        refused.Body["details"]!.ToJsonString().Should().Be("""{"causes":[{"reason":"DisruptionBudget","message":"The disruption budget b needs 1 healthy pods and has 1 currently"}]}""");
        await api.SendAsync("PATCH", $"{Budgets}/b/status", """{"status":{"disruptionsAllowed":1}}""", Merge);
        (await EvictAsync()).Status.Should().Be(201);
        var counted = (await api.SendAsync("GET", $"{Budgets}/b")).Body!["status"]!;
        (counted["disruptionsAllowed"]!.GetValue<int>(), counted["disruptedPods"]!["p"] is not null).Should().Be((0, true));
        (await api.SendAsync("GET", $"{Pods}/p")).Status.Should().Be(404);
    }

    [Fact]
    public async Task DeleteCollection_WithFinalizers_LeavesThemTerminating()
    {
        await api.SendAsync("POST", Maps, """{"metadata":{"name":"a","finalizers":["example.dev/f"]}}""");
        var deleted = await api.SendAsync("DELETE", $"{Maps}/a");
        (deleted.Status, deleted.Body!["kind"]!.ToString(), deleted.Body["metadata"]!["deletionTimestamp"] is not null).Should().Be((200, "ConfigMap", true));
        deleted.Body["metadata"]!["deletionGracePeriodSeconds"]!.GetValue<int>().Should().Be(0);
    }
}
