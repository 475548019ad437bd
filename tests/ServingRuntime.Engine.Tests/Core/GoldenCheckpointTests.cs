using Octavo.ServingRuntime.Engine.Tests.Golden;

namespace Octavo.ServingRuntime.Engine.Tests.Core;

/// <summary>
/// Small random checkpoints of every architecture, in both spellings of config.json, against transformers: all prompts in one batch, in chunks, and greedy as far as
/// the golden file goes. Checkpoints of the folder that OCTAVO_GOLDEN names are tested as well.
/// </summary>
public sealed class GoldenCheckpointTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("octavo-golden").FullName;

    public static TheoryData<string, string> Checkpoints
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var name in GoldenModel.Names)
            {
                foreach (var config in new[] { "config.json", "config.alt.json" }.Where(config => File.Exists(Path.Combine(GoldenModel.Read(name).Folder, config))))
                {
                    data.Add(name, config);
                }
            }

            return data;
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Greedy_AllPromptsTogether_EqualsTransformers(string checkpoint, string config)
    {
        var model = GoldenModel.Read(checkpoint);
        foreach (var file in Directory.EnumerateFiles(model.Folder).Where(file => Path.GetFileName(file).StartsWith("model", StringComparison.Ordinal)))
        {
            File.CreateSymbolicLink(Path.Combine(folder, Path.GetFileName(file)), file);
        }

        File.Copy(Path.Combine(model.Folder, config), Path.Combine(folder, "config.json"));
        using var engine = new EngineHarness(EngineHarness.Defaults with { ModelPath = folder, DType = "float32", MaxNumBatchedTokens = 64 });
        GoldenComparison.Exact(engine, model, model.Prompts);
    }
}
