using System.CommandLine;
using Octavo.ServingContract;

namespace Octavo.ServingRuntime.Fetch;

/// <summary>octavo-serve fetch: makes a model's files present, or says why they cannot be, before the server starts.</summary>
internal static class FetchCommand
{
    public static Command Create()
    {
        var uri = new Option<string>("--uri") { Description = "Where the model is: file:///path.", Required = true };
        var command = new Command("fetch", "Makes a model's files present and checks them; used as an init container.") { uri };
        command.SetAction(parsed =>
        {
            var result = ModelFetcher.Fetch(parsed.GetValue(uri)!);
            // The last line is what the operator shows.
            (result.Code == FetchExitCode.Success ? Console.Out : Console.Error).WriteLine(result.Message);
            return (int)result.Code;
        });
        return command;
    }
}
