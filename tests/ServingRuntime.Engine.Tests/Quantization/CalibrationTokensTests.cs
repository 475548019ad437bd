using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Engine.Quantization;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Quantization;

public sealed class CalibrationTokensTests : IDisposable
{
    private const string Ids = "[1, 2, 3, 4, 5, 6, 7, 8]";
    private readonly QuantizeWorkplace place = new();

    public void Dispose() => place.Dispose();

    [Theory]
    [InlineData("a.jsonl", $"{Ids}\n\n{{\"input_ids\": {Ids}}}\n", 2)]
    [InlineData("a.json", $"[{Ids}, {{\"input_ids\": {Ids}}}, {{\"text\": \"one two three four five six seven eight nine\"}}]", 3)]
    [InlineData("a.txt", "one two three four five six seven eight nine", 1)]
    [InlineData("a.jsonl", $"{Ids}\n[1, 2]\n", 1)]
    public void Load_EveryForm_IsUnderstood(string name, string content, int sequences)
    {
        var found = Load(name, content);
        found.Should().HaveCount(sequences);
        found.Should().OnlyContain(sequence => sequence.Length >= 8);
    }

    [Fact]
    public void Load_MoreThanAsked_IsSpreadOverTheFile()
    {
        var lines = string.Join('\n', Enumerable.Range(0, 100).Select(i => "[" + string.Join(',', Enumerable.Repeat(i, 8)) + "]"));
        Load("a.jsonl", lines, samples: 4).Select(sequence => sequence[0]).Should().Equal(0, 25, 50, 75);
    }

    [Fact]
    public void Load_ManyTexts_ReadsTheTokenizerOnce()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Load("a.jsonl", string.Join('\n', Enumerable.Repeat("{\"text\": \"one two three four five six seven eight nine\"}", 200))).Should().HaveCount(16);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(64 << 20, "one reading takes some megabytes");
    }

    [Theory]
    [InlineData("a.jsonl", "[1, 2", "*a.jsonl*lines or items are*")]
    [InlineData("a.jsonl", "{\"prompt\": \"x\"}", "*a.jsonl*lines or items are*")]
    [InlineData("a.jsonl", "[1, 2, 3, 4, 5, 6, 7, 4096]", "*within 0 to 4095*")]
    [InlineData("a.txt", "one", "*no document has 8 tokens*")]
    public void Load_UnusableFile_SaysWhy(string name, string content, string message)
    {
        var load = () => Load(name, content);
        load.Should().Throw<QuantizationException>().WithMessage(message).Which.Fault.Should().Be(QuantizationFault.Unsuitable);
    }

    [Fact]
    public void Load_NoTokenizerAndNoFile_TheModelWrites()
    {
        var model = QuantizeWorkplace.Fixture("llama_gqa_f32");
        var (sequences, source) = CalibrationTokens.Load(place.Options(model, "out") with { Samples = 3, SequenceLength = 20 }, ModelConfig.Load(model), TimeProvider.System, CancellationToken.None);
        sequences.Select(sequence => sequence.Length).Should().Equal(20, 20, 20);
        source.Should().Be("text that the model wrote");
    }

    private IReadOnlyList<int[]> Load(string name, string content, int samples = 16)
    {
        File.WriteAllText(place.At(name), content);
        var options = place.Options(Repository.TinyModel, "out", calibration: place.At(name)) with { Samples = samples };
        return CalibrationTokens.Load(options, ModelConfig.Load(Repository.TinyModel), TimeProvider.System, CancellationToken.None).Sequences;
    }
}
