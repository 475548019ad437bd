using Octavo.LocalCluster.ApiServer.Faults;

namespace Octavo.LocalCluster.Tests.ApiServer.Faults;

public sealed class FaultPlanTests
{
    private static readonly FaultTarget Get = new("get", "pods", "default", "a", "operator/1");

    [Fact]
    public void Next_SameSeed_FindsTheSameFaultsWhateverIsAskedBetween()
    {
        var (first, second) = (FaultPlan.Chaos(7, 0.5), FaultPlan.Chaos(7, 0.5));
        var alone = Enumerable.Range(0, 200).Select(_ => first.Next(Get)).ToList();
        var mixed = Enumerable.Range(0, 200).Select(i =>
        {
            second.Next(Get with { Name = $"other-{i % 3}" });
            return second.Next(Get);
        }).ToList();
        mixed.Should().Equal(alone);
        FaultPlan.Chaos(8, 0.5).Next(Get).Should().NotBe(alone[0], "another seed");
        alone.Count(f => f is not null).Should().BeInRange(40, 110, "four of six kinds befall a get, each at a twelfth");
    }

    [Theory]
    [InlineData(FaultKind.Gone, "watch", true)]
    [InlineData(FaultKind.Gone, "list", false)]
    [InlineData(FaultKind.DroppedWatch, "get", false)]
    [InlineData(FaultKind.LostAnswer, "watch", false)]
    [InlineData(FaultKind.LostAnswer, "create", true)]
    [InlineData(FaultKind.Conflict, "create", false)]
    [InlineData(FaultKind.Conflict, "patch", true)]
    [InlineData(FaultKind.TooManyRequests, "watch", true)]
    public void Next_Kind_BefallsOnlyWhatItCan(FaultKind kind, string verb, bool expected)
    {
        var plan = new FaultPlan();
        plan.Add(new FaultRule { Kind = kind });
        (plan.Next(Get with { Verb = verb }) is not null).Should().Be(expected);
    }

    [Theory]
    [InlineData("octavo-operator/1", "operator", false)]
    [InlineData("operator/2", "operator", true)]
    [InlineData("octavo-local/1", null, false)]
    [InlineData("octavo-local/1", "octavo-local", true)]
    [InlineData("anybody", null, true)]
    public void Next_Client_IsMatchedByItsBeginningAndOwnOnesOnlyByName(string client, string? wanted, bool expected)
    {
        var plan = new FaultPlan();
        plan.Add(new FaultRule { Kind = FaultKind.ServerError, Client = wanted });
        (plan.Next(Get with { Client = client }) is not null).Should().Be(expected);
    }

    [Fact]
    public void Next_LimitResourcesAndVerbs_AreObeyed()
    {
        var plan = new FaultPlan();
        var id = plan.Add(new FaultRule { Kind = FaultKind.ServerError, Verbs = ["get"], Resources = ["deployments.apps"], Limit = 2 });
        plan.Next(Get).Should().BeNull();
        var target = Get with { Resource = "deployments.apps" };
        Enumerable.Range(0, 5).Count(_ => plan.Next(target) is not null).Should().Be(2);
        plan.Injected.Should().Equal(new Dictionary<FaultKind, int> { [FaultKind.ServerError] = 2 });
        plan.Remove(id);
        plan.Next(target).Should().BeNull();
    }

    [Theory]
    [InlineData("7", 7)]
    [InlineData("-3:0.5", -3)]
    public void ParseChaos_SeedAndRate_AreRead(string text, int seed) => FaultPlan.ParseChaos(text).Seed.Should().Be(seed);

    [Theory]
    [InlineData("x")]
    [InlineData("1:2")]
    [InlineData("1:-0.1")]
    [InlineData("1:much")]
    [InlineData("1:NaN")]
    public void ParseChaos_Malformed_SaysTheForm(string text) =>
        FluentActions.Invoking(() => FaultPlan.ParseChaos(text)).Should().Throw<FormatException>().WithMessage("*SEED[:RATE]*");
}
