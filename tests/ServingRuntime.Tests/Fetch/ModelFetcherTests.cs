using Octavo.ServingContract;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Fetch;

public sealed class ModelFetcherTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("octavo-fetch-");
    private readonly FetchWorkplace place = new();

    public void Dispose()
    {
        folder.Delete(recursive: true);
        place.Dispose();
    }

    [Fact]
    public async Task Fetch_TinyModel_Succeeds()
    {
        var result = await place.FetchAsync(new Uri(Repository.TinyModel).AbsoluteUri);

        result.Code.Should().Be(FetchExitCode.Success, result.Message);
        result.Message.Should().Contain(Repository.TinyModel).And.Contain("LlamaForCausalLM");
    }

    [Theory]
    [InlineData("ftp://host/model", FetchExitCode.UnsupportedSource)]
    [InlineData("pvc://claim/model", FetchExitCode.UnsupportedSource)]
    [InlineData("models/tiny", FetchExitCode.Usage)]
    [InlineData("hf://org/../name", FetchExitCode.Usage)]
    [InlineData("hf://org/name@", FetchExitCode.Usage)]
    [InlineData("s3://", FetchExitCode.Usage)]
    [InlineData("gs:///model", FetchExitCode.Usage)]
    [InlineData("oci://registry", FetchExitCode.Usage)]
    [InlineData("oci://registry/Name:tag", FetchExitCode.Usage)]
    [InlineData("http://example.org/model", FetchExitCode.Usage)]
    [InlineData("file:///no/such/model", FetchExitCode.NotFound)]
    [InlineData("file://host/model", FetchExitCode.Usage)]
    public async Task Fetch_OtherSource_SaysWhy(string uri, FetchExitCode code)
    {
        var result = await place.FetchAsync(uri);

        result.Code.Should().Be(code);
        result.Message.Should().Contain(uri.Replace("file:///", "/", StringComparison.Ordinal)).And.NotContain("\n");
    }

    [Fact]
    public async Task Fetch_LocalGgufFile_IsCheckedAsTheServerWould()
    {
        var path = Path.Combine(folder.FullName, "model.gguf");
        File.Copy(Path.Combine(Repository.Root, "tests", "ServingRuntime.Engine.Tests", "Fixtures", "gguf", "llama.gguf"), path);
        var withoutTokenizer = await place.FetchAsync(new Uri(path).AbsoluteUri);
        File.Copy(Path.Combine(Repository.TinyModel, "tokenizer.json"), Path.Combine(folder.FullName, "tokenizer.json"));
        var whole = await place.FetchAsync(new Uri(path).AbsoluteUri);
        var asFolder = await place.FetchAsync(new Uri(folder.FullName).AbsoluteUri);
        File.Copy(path, Path.Combine(folder.FullName, "other.gguf"));
        var several = await place.FetchAsync(new Uri(folder.FullName).AbsoluteUri);

        withoutTokenizer.Code.Should().Be(FetchExitCode.InvalidModel);
        withoutTokenizer.Message.Should().Contain("holds no tokenizer");
        whole.Code.Should().Be(FetchExitCode.Success, whole.Message);
        asFolder.Code.Should().Be(FetchExitCode.Success, asFolder.Message);
        several.Code.Should().Be(FetchExitCode.InvalidModel);
        several.Message.Should().Contain("2 GGUF models").And.Contain("other.gguf");
    }

    [Theory]
    [InlineData("config.json", "{", "config.json")]
    [InlineData("config.json", null, "config.json")]
    [InlineData("tokenizer.json", "{}", "tokenizer.json")]
    [InlineData("model.safetensors", null, "model.safetensors")]
    [InlineData("model.safetensors", "not weights at all", "model.safetensors")]
    public async Task Fetch_DamagedModel_NamesTheFile(string file, string? content, string named)
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

        var result = await place.FetchAsync(new Uri(folder.FullName).AbsoluteUri);

        result.Code.Should().Be(FetchExitCode.InvalidModel);
        result.Message.Should().Contain(named).And.Contain(folder.FullName).And.NotContain("\n");
    }

    [Fact]
    public async Task Fetch_UnknownArchitecture_ListsTheKnownOnes()
    {
        foreach (var source in Directory.GetFiles(Repository.TinyModel))
        {
            File.Copy(source, Path.Combine(folder.FullName, Path.GetFileName(source)));
        }

        var config = Path.Combine(folder.FullName, "config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("LlamaForCausalLM", "NewForCausalLM", StringComparison.Ordinal));

        var result = await place.FetchAsync(new Uri(folder.FullName).AbsoluteUri);

        result.Code.Should().Be(FetchExitCode.InvalidModel);
        result.Message.Should().Contain("NewForCausalLM").And.Contain("LlamaForCausalLM");
    }

    [Fact]
    public async Task Fetch_LocalModelWithDigest_IsCompared()
    {
        var uri = new Uri(Repository.TinyModel).AbsoluteUri;

        var wrong = await place.FetchAsync(uri, o => o with { Sha256 = new string('0', 64) });
        var right = await place.FetchAsync(uri, o => o with { Sha256 = TinyModelSource.ManifestDigest });

        wrong.Code.Should().Be(FetchExitCode.ChecksumMismatch);
        wrong.Message.Should().Contain(TinyModelSource.ManifestDigest);
        right.Code.Should().Be(FetchExitCode.Success, right.Message);
    }
}
