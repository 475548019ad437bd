namespace Octavo.Cli.Verbs;

/// <summary>All verbs that are not part of this executable.</summary>
internal static class VerbCatalog
{
    public static IReadOnlyList<Verb> All { get; } =
    [
        new("serve", "Serve a model with the OpenAI API (octavo-serve)", "octavo-serve", []),
        new("fetch", "Make a model's files present and check them (octavo-serve fetch)", "octavo-serve", ["fetch"]),
        new("operator", "Run the operator (octavo-operator)", "octavo-operator", []),
        new("gateway", "Run the gateway (octavo-gateway)", "octavo-gateway", []),
        new("local", "Run the embedded cluster: up, node (octavo-local)", "octavo-local", []),
        new("bench", "Put load on an OpenAI endpoint and measure it (octavo-bench)", "octavo-bench", []),
        new("quantize", "Make a 4-bit checkpoint of one in floating point (octavo-serve quantize)", "octavo-serve", ["quantize"]),
        new("plan", "Say what applying a file would change, need and interrupt (octavo-operator plan)", "octavo-operator", ["plan"]),
        new("simulate", "Replay traces against the scaling and routing policies (not built yet)", null, []),
    ];

    public static Verb? Find(string name) => All.FirstOrDefault(v => v.Name == name);
}
