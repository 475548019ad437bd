using System.Globalization;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.ServingRuntime.Engine.Tokenization.Jinja;

namespace Octavo.ServingRuntime.Fetch.Checkpoints;

/// <summary>Checks a model that lies in a folder: everything that the server would stumble over when it loads, without reading the weights.</summary>
internal static class ModelFolderCheck
{
    /// <param name="folder">The model's folder, or a GGUF file.</param>
    /// <param name="withWeights">False while they are not there yet: the rest is checked, so that no weights are fetched in vain.</param>
    /// <param name="skipTokenizer">Whether it may lack a tokenizer, which is then not looked at.</param>
    public static FetchResult Check(string folder, bool withWeights = true, bool skipTokenizer = false)
    {
        try
        {
            if (!ModelLocation.Exists(folder))
            {
                return new FetchResult(FetchExitCode.NotFound, File.Exists(folder) ? $"The path {folder} is a file and no model folder." : $"The model folder {folder} does not exist.");
            }

            foreach (var file in ModelLocation.Of(folder).IsGguf ? (ReadOnlySpan<string>)[] : ["config.json", "tokenizer.json"])
            {
                if (!File.Exists(Path.Combine(folder, file)) && !(skipTokenizer && file == "tokenizer.json"))
                {
                    return new FetchResult(
                        FetchExitCode.InvalidModel, $"The model folder {folder} has no {file}.{(file == "tokenizer.json" ? $" {FetchFlags.SkipTokenizerInit} serves token ids without." : "")}");
                }
            }

            return CheckContents(folder, withWeights, skipTokenizer);
        }
        catch (UnauthorizedAccessException)
        {
            return new FetchResult(FetchExitCode.Unauthorized, $"The model folder {folder} may not be read.");
        }
        catch (Exception e) when (e is CheckpointException or TokenizerFormatException or TemplateException)
        {
            return new FetchResult(FetchExitCode.InvalidModel, OneLine($"The model in {folder} cannot be served: {e.Message}"));
        }
        catch (IOException e)
        {
            return new FetchResult(FetchExitCode.Unexpected, OneLine($"The model folder {folder} cannot be read: {e.Message}"));
        }
    }

    private static FetchResult CheckContents(string folder, bool withWeights, bool skipTokenizer)
    {
        var config = ModelConfig.Load(folder);
        if (!ModelRegistry.Architectures.Contains(config.Architecture, StringComparer.Ordinal))
        {
            return new FetchResult(
                FetchExitCode.InvalidModel,
                $"The model in {folder} has the architecture {config.Architecture}, which is not supported; supported: {string.Join(", ", ModelRegistry.Architectures)}.");
        }

        if (!skipTokenizer)
        {
            ModelTokenizer.Load(folder, new TemplateLimits(), TimeProvider.System);
        }

        if (!withWeights)
        {
            return new FetchResult(FetchExitCode.Success, $"The model in {folder} can be served: {config.Architecture}.");
        }

        using var checkpoint = Checkpoint.Open(folder);
        var tensors = checkpoint.Names.Count.ToString(CultureInfo.InvariantCulture);
        return new FetchResult(FetchExitCode.Success, $"The model in {folder} is present: {config.Architecture}, {tensors} tensors.");
    }

    private static string OneLine(string message) => message.ReplaceLineEndings(" ");
}
