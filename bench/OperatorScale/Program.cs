using System.CommandLine;
using Octavo.OperatorScale;

var services = new Option<int>("--services") { Description = "InferenceServices.", DefaultValueFactory = _ => 1000 };
var replicas = new Option<int>("--replicas") { Description = "Pods of each.", DefaultValueFactory = _ => 10 };
var steady = new Option<int>("--steady") { Description = "Seconds in which nothing is asked for and requests are counted.", DefaultValueFactory = _ => 60 };
var limit = new Option<int>("--limit") { Description = "Seconds until everything must be ready.", DefaultValueFactory = _ => 1800 };
var workers = new Option<int>("--workers") { Description = "The operator's --workers.", DefaultValueFactory = _ => 4 };
var crds = new Option<string>("--crds") { Description = "Folder of the CustomResourceDefinitions.", DefaultValueFactory = _ => Path.Combine("config", "crds") };
var json = new Option<string?>("--json") { Description = "File for the figures." };
var root = new RootCommand("The operator with many services: how long until all replicas are ready, what it needs, and what it asks the API server for when nothing happens.")
{
    services, replicas, steady, limit, workers, crds, json,
};
root.SetAction((parsed, cancellationToken) => ScaleRun.RunAsync(
    new ScaleOptions
    {
        Services = parsed.GetValue(services),
        Replicas = parsed.GetValue(replicas),
        Steady = TimeSpan.FromSeconds(parsed.GetValue(steady)),
        Limit = TimeSpan.FromSeconds(parsed.GetValue(limit)),
        Workers = parsed.GetValue(workers),
        Definitions = parsed.GetValue(crds)!,
        Json = parsed.GetValue(json),
    },
    Console.Out,
    cancellationToken));
return await root.Parse(args).InvokeAsync();
