using System.Text;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Tokenization;

namespace Octavo.EngineBench.Checkpoints;

public sealed class RandomCheckpointTests : IDisposable
{
    private static readonly ModelShape Small = new(2, 64, 2, 1, 32, 128, 700, TiedEmbeddings: true) { MaxPositions = 128 };
    private readonly string folder = Directory.CreateTempSubdirectory("octavo-random-checkpoint").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("bf16", true)]
    [InlineData("bf16", false)]
    [InlineData("awq", true)]
    public void Write_Safetensors_EngineServesThem(string form, bool tied)
    {
        var path = new RandomCheckpoint(Small with { TiedEmbeddings = tied }, seed: 1).Write(folder, form);
        using var harness = new EngineHarness(new EngineOptions { Device = "cpu", ModelPath = path, CpuThreads = 1 }, warmUpSeconds: 0);
        harness.Engine.VocabSize.Should().Be(700);
        harness.Add([1, 2, 3], outputTokens: 5);
        harness.Drain().Should().Be(5);
    }

    [Fact]
    public void Write_Awq_ComputesAboutTheSameAsWholeWeights()
    {
        var checkpoint = new RandomCheckpoint(Small with { VocabularySize = InventedVocabulary.Smallest }, seed: 3);
        var whole = Embedding(checkpoint.Write(folder, "bf16"));
        var quantised = Embedding(checkpoint.Write(folder, "awq"));
        var cosine = whole.Zip(quantised, (a, b) => a * b).Sum();
        cosine.Should().BeInRange(0.9f, 0.9999f, "4 bits lose something, and not much");
    }

    [Fact]
    public void Write_SameSeedTwice_SameBytes()
    {
        var first = File.ReadAllBytes(new RandomCheckpoint(Small, seed: 5).Write(folder, "gguf-q4_0"));
        var again = File.ReadAllBytes(new RandomCheckpoint(Small, seed: 5).Write(folder, "gguf-q4_0"));
        var other = File.ReadAllBytes(new RandomCheckpoint(Small, seed: 6).Write(folder, "gguf-q4_0"));
        again.Should().Equal(first);
        other.Should().NotEqual(first);
    }

    [Fact]
    public void Write_Gguf_HoldsTheNumbersOfTheSafetensors()
    {
        var checkpoint = new RandomCheckpoint(Small, seed: 2);
        var gguf = File.ReadAllBytes(checkpoint.Write(folder, "gguf-bf16"));
        var embedding = new RandomWeights(2);
        var row = new float[64];
        embedding.Row(Small.Tensors()[0], 0, row);
        var expected = new byte[128];
        WeightFormats.BFloat16.Encode(row, expected);
        Encoding.ASCII.GetString(gguf, 0, 4).Should().Be("GGUF");
        var start = gguf.AsSpan().IndexOf(expected);
        start.Should().BePositive();
        (start % 32).Should().Be(0);
        File.ReadAllBytes(Path.Combine(checkpoint.Write(folder, "bf16"), "model.safetensors")).AsSpan().IndexOf(expected).Should().BePositive();
    }

    [Fact]
    public void Encode_Q40AndQ80_AreWithinHalfAStep()
    {
        var row = new float[64];
        new RandomWeights(4).Row(CheckpointTensor.Matrix("m", "m", 2, 64), 1, row);
        Span<byte> four = new byte[36], eight = new byte[68];
        WeightFormats.Q40.Encode(row, four);
        WeightFormats.Q80.Encode(row, eight);
        for (var i = 0; i < 32; i++)
        {
            var scale = (float)BitConverter.ToHalf(four);
            var number = (i < 16 ? four[2 + i] & 15 : four[2 + i - 16] >> 4) - 8;
            (number * scale).Should().BeApproximately(row[i], MathF.Abs(scale) * 1.01f, "of element {0}", i);
            var fine = (float)BitConverter.ToHalf(eight);
            ((sbyte)eight[2 + i] * fine).Should().BeApproximately(row[i], fine * 0.6f, "of element {0}", i);
        }
    }

    [Fact]
    public void Create_Vocabulary_TokenizerReadsAndMergesIt()
    {
        var path = new RandomCheckpoint(Small, seed: 1).Write(folder, "bf16");
        var tokenizer = Tokenizer.Load(Path.Combine(path, "tokenizer.json"));
        tokenizer.VocabSize.Should().Be(700);
        var words = string.Concat(Enumerable.Range(300, 50).Select(id => tokenizer.Decode([id], skipSpecialTokens: false)));
        var ids = tokenizer.Encode(words, addSpecialTokens: false);
        tokenizer.Decode(ids, skipSpecialTokens: false).Should().Be(words);
        ids.Should().Contain(id => id > 255, "merges are used");
    }

    [Fact]
    public void Validate_ImpossibleShape_NamesEveryFault()
    {
        (Small with { KeyValueHeads = 3, HeadSize = 31, VocabularySize = 3 }).Validate().Should().HaveCount(4);
        ModelShape.Known.Values.Should().OnlyContain(shape => shape.Validate().Count == 0);
    }

    /// <summary>The model's last hidden state of a text, of length 1.</summary>
    private static float[] Embedding(string path)
    {
        using var harness = new EngineHarness(new EngineOptions { Device = "cpu", ModelPath = path, CpuThreads = 1, DType = "float32" }, warmUpSeconds: 0);
        harness.Engine.AddRequest(new EngineCoreRequest
        {
            RequestId = "e", PromptTokenIds = [5, 9, 200, 31], SamplingParams = new SamplingParams { MaxTokens = 1 }, EosTokenIds = [], Pooling = new PoolingParams(PoolingType.Last),
        });
        var vector = harness.Step().Single().Embedding!;
        return vector;
    }
}
