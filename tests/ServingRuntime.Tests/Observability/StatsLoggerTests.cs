using Microsoft.Extensions.Logging;
using NSubstitute;
using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.Observability;
using Octavo.ServingRuntime.Tests.Hosting;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Observability;

public sealed class StatsLoggerTests
{
    private readonly FakeTimeProvider clock = new();
    private readonly ILogger<StatsLogger> logger = Substitute.For<ILogger<StatsLogger>>();

    [Fact]
    public async Task Tick_OnlyWithTraffic_SaysThroughput()
    {
        logger.IsEnabled(Arg.Any<LogLevel>()).Returns(true);
        await using var server = await RunningServer.StartAsync(TestApplication.Answering("one two three"));
        using var stats = new StatsLogger(server.Host, new ServingOptions { Model = Repository.TinyModel }, clock, logger);
        await stats.StartAsync(CancellationToken.None);

        clock.Advance(StatsLogger.Period);
        Lines().Should().BeEmpty();

        using var response = await server.PostAsync("""{"prompt": [4, 5, 6, 7, 8]}""");
        await response.Content.ReadAsStringAsync();
        clock.Advance(StatsLogger.Period);
        Lines().Should().ContainSingle().Which.Should().StartWith("Engine 000: Avg prompt throughput: 0.5 tokens/s, Avg generation throughput: 0.");

        clock.Advance(StatsLogger.Period * 3);
        Lines().Should().ContainSingle("nothing has happened since");
    }

    private List<string> Lines() => [.. logger.ReceivedCalls().Where(c => c.GetMethodInfo().Name == nameof(ILogger.Log)).Select(c => c.GetArguments()[2]!.ToString()!)];
}
