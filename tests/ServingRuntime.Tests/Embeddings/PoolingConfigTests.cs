using Octavo.ServingRuntime.Embeddings;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.Tests.Embeddings;

public sealed class PoolingConfigTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("octavo-pooling-");

    public void Dispose() => folder.Delete(recursive: true);

    [Theory]
    [InlineData(null, "auto", PoolingType.Last)]
    [InlineData("""{"word_embedding_dimension": 64, "pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true}""", "auto", PoolingType.Mean)]
    [InlineData("""{"pooling_mode_mean_tokens": false, "pooling_mode_lasttoken": true}""", "auto", PoolingType.Last)]
    [InlineData("""{"pooling_mode_cls_token": true}""", "mean", PoolingType.Mean)]
    public void Read_FlagOverCheckpointOverDefault(string? config, string flag, PoolingType expected)
    {
        Write("1_Pooling/config.json", config);

        PoolingConfig.Read(flag, folder.FullName).Should().Be(new PoolingConfig(expected, Normalize: true));
    }

    [Theory]
    [InlineData("""{"pooling_mode_cls_token": true}""")]
    [InlineData("""{"pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": true}""")]
    [InlineData("{}")]
    [InlineData("not json")]
    public void Read_PoolingThatIsNotBuilt_Throws(string config)
    {
        Write("1_Pooling/config.json", config);

        FluentActions.Invoking(() => PoolingConfig.Read("auto", folder.FullName)).Should().Throw<EngineStartException>().WithMessage("*config.json*");
    }

    [Theory]
    [InlineData("""[{"idx": 0, "type": "sentence_transformers.models.Transformer"}, {"type": "sentence_transformers.models.Normalize"}]""", true)]
    [InlineData("""[{"idx": 0, "type": "sentence_transformers.models.Transformer"}]""", false)]
    public void Read_ModulesListed_NormalizesOnlyIfOneOfThemDoes(string modules, bool expected)
    {
        Write("modules.json", modules);

        PoolingConfig.Read("auto", folder.FullName).Normalize.Should().Be(expected);
    }

    private void Write(string name, string? content)
    {
        if (content is not null)
        {
            var path = Path.Combine(folder.FullName, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, content);
        }
    }
}
