using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Fetch;

public sealed class ModelFetcherTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("octavo-fetch-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void Fetch_TinyModel_Succeeds()
    {
        var result = ModelFetcher.Fetch(new Uri(Repository.TinyModel).AbsoluteUri);

        result.Code.Should().Be(FetchExitCode.Success, result.Message);
        result.Message.Should().Contain(Repository.TinyModel).And.Contain("LlamaForCausalLM");
    }

    [Theory]
    [InlineData("s3://bucket/model", FetchExitCode.UnsupportedSource)]
    [InlineData("hf://org/name", FetchExitCode.UnsupportedSource)]
    [InlineData("models/tiny", FetchExitCode.Usage)]
    [InlineData("file:///no/such/model", FetchExitCode.NotFound)]
    [InlineData("file://host/model", FetchExitCode.Usage)]
    public void Fetch_OtherSource_SaysWhy(string uri, FetchExitCode code)
    {
        var result = ModelFetcher.Fetch(uri);

        result.Code.Should().Be(code);
        result.Message.Should().Contain(uri.Replace("file:///", "/", StringComparison.Ordinal)).And.NotContain("\n");
    }

    [Theory]
    [InlineData("config.json", "{", "config.json")]
    [InlineData("config.json", null, "config.json")]
    [InlineData("tokenizer.json", "{}", "tokenizer.json")]
    [InlineData("model.safetensors", null, "model.safetensors")]
    [InlineData("model.safetensors", "not weights at all", "model.safetensors")]
    public void Fetch_DamagedModel_NamesTheFile(string file, string? content, string named)
    {
        foreach (var source in Directory.GetFiles(Repository.TinyModel))
        {
            File.Copy(source, Path.Combine(folder.FullName, Path.GetFileName(source)));
        }

        var path = Path.Combine(folder.FullName, file);
        File.Delete(path);
        if (content is not null)
        {
            File.WriteAllText(path, content);
        }

        var result = ModelFetcher.Fetch(new Uri(folder.FullName).AbsoluteUri);

        result.Code.Should().Be(FetchExitCode.InvalidModel);
        result.Message.Should().Contain(named).And.Contain(folder.FullName).And.NotContain("\n");
    }

    [Fact]
    public void Fetch_UnknownArchitecture_ListsTheKnownOnes()
    {
        foreach (var source in Directory.GetFiles(Repository.TinyModel))
        {
            File.Copy(source, Path.Combine(folder.FullName, Path.GetFileName(source)));
        }

        var config = Path.Combine(folder.FullName, "config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("LlamaForCausalLM", "NewForCausalLM", StringComparison.Ordinal));

        var result = ModelFetcher.Fetch(new Uri(folder.FullName).AbsoluteUri);

        result.Code.Should().Be(FetchExitCode.InvalidModel);
        result.Message.Should().Contain("NewForCausalLM").And.Contain("LlamaForCausalLM");
    }
}
