using FsCheck;
using FsCheck.Fluent;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Scheduling;

namespace Octavo.ServingRuntime.Engine.Tests.Scheduling;

public sealed class RequestQueueTests
{
    private long arrivals;

    [Fact]
    public void Peek_OneTenant_OrderOfArrivalWhateverTheSize()
    {
        var queue = new RequestQueue(10);
        var requests = Enumerable.Range(0, 20).Select(i => Add(queue, "a", 1 + (i * 7 % 50))).ToList();
        Drain(queue).Should().Equal(requests);
    }

    [Fact]
    public void Peek_PriorityFirst_ThenPreemptedOnes()
    {
        var queue = new RequestQueue();
        var late = Add(queue, "a", 5, priority: 1);
        var young = Add(queue, "a", 5);
        var old = Make("b", 5, arrival: -1);
        old.Status = RequestStatus.Preempted;
        queue.Add(old, 5);
        var urgent = Add(queue, "a", 5, priority: -1);
        Drain(queue).Should().Equal(urgent, old, young, late);
    }

    [Fact]
    public void Peek_FloodOfOneTenant_TheOtherWaitsForATurnOnly()
    {
        var queue = new RequestQueue(100);
        var flood = Enumerable.Range(0, 1000).Select(_ => Add(queue, "flood", 40)).ToList();
        Admit(queue).Should().Be(flood[0]);
        var single = Add(queue, "single", 40);
        Drain(queue).IndexOf(single).Should().BeLessThan(2, "the flood had 60 tokens of its turn left");
    }

    [Fact]
    public void Peek_SmallAndLargeRequests_ShareByTokens()
    {
        var queue = new RequestQueue(100);
        for (var i = 0; i < 500; i++)
        {
            Add(queue, "small", 10);
            Add(queue, "large", 1000);
        }

        var tokens = new Dictionary<string, int> { ["small"] = 0, ["large"] = 0 };
        while (tokens["small"] < 5000)
        {
            var request = Admit(queue);
            tokens[request.Source.Tenant!] += request.UncachedTokensWhenQueued;
        }

        tokens["large"].Should().BeInRange(5000 - 100 - 2000, 5000 + 100 + 2000);
    }

    [Fact]
    public void Peek_NextOneDoesNotFit_NobodyPassesIt()
    {
        var queue = new RequestQueue(100);
        var large = Add(queue, "a", 5000);
        queue.Peek().Should().Be(large);
        for (var i = 0; i < 50; i++)
        {
            Add(queue, $"tenant {i}", 1);
            queue.Peek().Should().Be(large, "it stays the next one until it is admitted");
        }
    }

    [Fact]
    public void ChargeGenerated_WhileOthersWait_LongAnswersCostTheirShare()
    {
        var queue = new RequestQueue(100);
        var running = Add(queue, "talker", 10);
        Admit(queue).Should().Be(running);
        var next = Add(queue, "talker", 10);
        for (var i = 0; i < 1000; i++)
        {
            queue.ChargeGenerated(running);
        }

        queue.Peek().Should().Be(next, "nobody else waited: nothing is owed");
        queue.Remove(next);
        var listener = Enumerable.Range(0, 50).Select(_ => Add(queue, "listener", 10)).ToList();
        for (var i = 0; i < 200; i++)
        {
            queue.ChargeGenerated(running);
        }

        next = Add(queue, "talker", 10);
        var order = Drain(queue);
        order.IndexOf(next).Should().BeInRange(20, 40, "200 tokens are owed, 20 requests of the other");
        order.Should().HaveCount(listener.Count + 1);
    }

    [Fact]
    public void Remove_InAnyOrder_CountsStayRight()
    {
        var random = new System.Random(3);
        var queue = new RequestQueue(50);
        var waiting = new List<Request>();
        for (var i = 0; i < 5000; i++)
        {
            if (waiting.Count == 0 || random.Next(5) < 3)
            {
                waiting.Add(Add(queue, $"t{random.Next(4)}", random.Next(1, 200), random.Next(3)));
            }
            else if (random.Next(2) == 0)
            {
                waiting.Remove(Admit(queue));
            }
            else
            {
                var gone = waiting[random.Next(waiting.Count)];
                waiting.Remove(gone);
                queue.Remove(gone);
                queue.Release(gone);
            }

            queue.Count.Should().Be(waiting.Count);
            queue.UncachedTokens.Should().Be(waiting.Sum(request => request.UncachedTokensWhenQueued));
            (queue.Peek() is null).Should().Be(waiting.Count == 0);
            queue.Peek()?.Priority.Should().Be(waiting.Min(request => request.Priority));
        }
    }

    /// <summary>The bound of Shreedhar and Varghese's paper: a quantum and twice the largest request, in every window in which both wait all the time.</summary>
    [Fact]
    public void Peek_AnyTwoBackloggedTenants_AdmittedTokensDifferByNoMoreThanTheBound()
    {
        var cases =
            from seed in Gen.Choose(0, int.MaxValue - 1)
            from quantum in Gen.Elements(1, 16, 100, 512, 5000)
            from largest in Gen.Elements(1, 10, 300, 4000)
            from tenants in Gen.Choose(2, 6)
            from equal in Gen.Elements(true, false)
            select (seed, quantum, largest, tenants, equal);
        Prop.ForAll(Arb.From(cases), c => CheckShares(c.seed, c.quantum, c.largest, c.tenants, c.equal))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(60).WithReplay(20251122, 7));
    }

    private void CheckShares(int seed, int quantum, int largest, int tenants, bool equal)
    {
        var random = new System.Random(seed);
        var queue = new RequestQueue(quantum);
        var last = new long[tenants];
        var admitted = new List<(int Tenant, int Tokens)>();

        // Every tenant always has something waiting, and some come later than others.
        for (var i = 0; i < 400; i++)
        {
            for (var tenant = 0; tenant < Math.Min(tenants, 2 + (i / 20)); tenant++)
            {
                while (Waiting(queue, tenant) < 3)
                {
                    Add(queue, $"t{tenant}", equal ? largest : random.Next(1, largest + 1));
                }
            }

            var request = Admit(queue);
            var who = int.Parse(request.Source.Tenant![1..], System.Globalization.CultureInfo.InvariantCulture);
            request.Arrival.Should().BeGreaterThan(last[who] - 1, "a tenant's requests keep their order");
            last[who] = request.Arrival;
            admitted.Add((who, request.UncachedTokensWhenQueued));
            waitingByTenant[who]--;
        }

        // Largest difference over all windows = largest range of the running difference.
        for (var tenant = 1; tenant < tenants; tenant++)
        {
            long difference = 0, least = 0, most = 0;
            foreach (var (who, tokens) in admitted.Skip(tenant < 2 ? 0 : 20 * (tenant - 1)))
            {
                difference += who == 0 ? tokens : who == tenant ? -tokens : 0;
                (least, most) = (Math.Min(least, difference), Math.Max(most, difference));
            }

            (most - least).Should().BeLessThanOrEqualTo(quantum + (2 * largest), $"tenants 0 and {tenant} of {tenants}, quantum {quantum}, largest {largest}");
        }

        waitingByTenant.Clear();
    }

    private readonly Dictionary<int, int> waitingByTenant = [];

    private int Waiting(RequestQueue queue, int tenant)
    {
        var count = waitingByTenant.GetValueOrDefault(tenant);
        waitingByTenant[tenant] = count >= 3 ? count : count + 1;
        return count;
    }

    private Request Add(RequestQueue queue, string tenant, int tokens, int priority = 0)
    {
        var request = Make(tenant, tokens, arrivals++, priority);
        queue.Add(request, tokens);
        return request;
    }

    private static Request Make(string tenant, int tokens, long arrival, int priority = 0) => new(
        new EngineCoreRequest
        {
            RequestId = $"{tenant} {arrival}", Tenant = tenant, Priority = priority, PromptTokenIds = new int[tokens], SamplingParams = new SamplingParams(),
        },
        arrival, 0);

    private static Request Admit(RequestQueue queue)
    {
        var request = queue.Peek()!;
        queue.Admit(request, request.UncachedTokensWhenQueued);
        return request;
    }

    private static List<Request> Drain(RequestQueue queue)
    {
        var order = new List<Request>();
        while (queue.Count > 0)
        {
            order.Add(Admit(queue));
        }

        return order;
    }
}
