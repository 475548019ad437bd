using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.Engine;

namespace Octavo.ServingRuntime.Tests.Configuration;

public sealed class RepeatedFlagsTests
{
    [Theory]
    [InlineData("--port 1 --model m --port 2", "--model m --port 2")]
    [InlineData("--port 1 --port=2", "--port=2")]
    [InlineData("--port=1 --port 2 --port=3", "--port=3")]
    [InlineData("--max-logprobs 3 --max-logprobs -1", "--max-logprobs -1")]
    [InlineData("--enforce-eager --enforce-eager", "--enforce-eager")]
    [InlineData("--enforce-eager true --port 1 --enforce-eager false", "--port 1 --enforce-eager false")]
    [InlineData("--api-key a --api-key b", "--api-key a --api-key b")]
    [InlineData("--served-model-name a b --port 1", "--served-model-name a b --port 1")]
    [InlineData("--model", "--model")]
    [InlineData("--no-such 1 --no-such 2", "--no-such 1 --no-such 2")]
    [InlineData("fetch --uri a --uri b", "fetch --uri a --uri b")]
    [InlineData("", "")]
    public void Resolve_TheLastOfAFlagThatTakesOneValue_Counts(string arguments, string resolved) =>
        string.Join(' ', RepeatedFlags.Resolve(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), ServeCommand.Create((_, _) => Task.FromResult(0)))).Should().Be(resolved);

    [Fact]
    public async Task Resolve_WhatTheOperatorWritesAndAUserAdds_TheUserWins()
    {
        EngineOptions? seen = null;
        var command = ServeCommand.Create((_, engine) =>
        {
            seen = engine;
            return Task.FromResult(0);
        });
        string[] operators = ["--model", "/m", "--max-model-len", "100", "--device", "cuda"], users = ["--max-model-len=200", "--device", "cpu"];

        (await command.Parse(RepeatedFlags.Resolve([.. operators, .. users], command)).InvokeAsync()).Should().Be(0);

        (seen!.MaxModelLen, seen.Device).Should().Be((200, "cpu"));
    }
}
