using System.Diagnostics;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Engine.ModelLoader.Gguf;

namespace Octavo.ServingRuntime.Engine.Tests.ModelLoader.Gguf;

public sealed class GgufFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("octavo-gguf").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Open_WellFormed_HasMetadataAndTensors()
    {
        using var file = GgufFile.Open(Small().Write(folder));

        file.Metadata.Text("general.architecture").Should().Be("llama");
        file.Metadata.Integer("llama.block_count").Should().Be(7);
        file.Metadata.Number("llama.rope.freq_base").Should().Be(10000);
        file.Metadata.Flag("tokenizer.ggml.add_bos_token").Should().BeTrue();
        file.Metadata.Texts("tokenizer.ggml.tokens").Should().Equal("a", "é", "");
        file.Metadata.Numbers("tokenizer.ggml.scores").Should().Equal(0, -1, -2.5);
        file.Metadata.Text("absent").Should().BeNull();
        file.Tensors["b.weight"].Shape.Should().Equal(3, 2);
        new GgufRows(file.Tensors["b.weight"], new Kernels.TensorShape(3, 2)).View().ToFloat32().Should().Equal(1, 2, 3, 4, 5, 6);
    }

    [Fact]
    public void Open_Version2_IsRead()
    {
        using var file = GgufFile.Open(new GgufBuilder { Version = 2 }.Text("a", "b").Write(folder));
        file.Metadata.Text("a").Should().Be("b");
    }

    [Fact]
    public void Text_OfANumber_NamesTheKey()
    {
        using var file = GgufFile.Open(Small().Write(folder));
        var read = () => file.Metadata.Text("llama.block_count");
        read.Should().Throw<CheckpointException>().WithMessage("*model.gguf*llama.block_count*UInt32*");
    }

    public static TheoryData<string, string> Damages => new()
    {
        { "empty", "*too short*" },
        { "mark", "*letters GGUF*" },
        { "version", "*version 1 is not supported*" },
        { "big-endian", "*big-endian*" },
        { "tensor count", "*18446744073709551615 tensors*" },
        { "key count", "*keys are more than*" },
        { "key length", "*a metadata key*" },
        { "array count", "*huge*cannot hold*" },
        { "array size", "*huge*" },
        { "nesting", "*nested deeper*" },
        { "value type", "*odd*unknown type*" },
        { "key twice", "*key same is there twice*" },
        { "alignment", "*general.alignment*24*" },
        { "rank", "*has 5 dimensions*" },
        { "no rank", "*has 0 dimensions*" },
        { "dimension", "*dimension of 0*" },
        { "large dimension", "*dimension of 4294967296*" },
        { "overflow", "*overflows*" },
        { "tensor type", "*type 4, which is unknown*" },
        { "blocks", "*no whole blocks of Q4_0*" },
        { "misaligned", "*no multiple of 32*" },
        { "outside", "*t: its 8 bytes*cut short*" },
        { "far outside", "*offset*" },
        { "overlap", "*overlap*" },
        { "tensor twice", "*tensor t is there twice*" },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public void Open_Damaged_SaysWhat(string damage, string message)
    {
        var path = Path.Combine(folder, "model.gguf");
        File.WriteAllBytes(path, Damaged(damage));
        var open = () => GgufFile.Open(path);
        open.Should().Throw<CheckpointException>().WithMessage(message).WithMessage($"{path}*");
    }

    /// <summary>Truncated anywhere, any byte changed: an answer or a <see cref="CheckpointException"/>, and quickly, all the way to the loaded configuration, tokenizer and weights.</summary>
    [Fact]
    public void Open_FuzzedFile_SucceedsOrThrowsCheckpointException()
    {
        var whole = GgufFixtures.Complete();
        var header = (int)GgufFixtures.DataStart(whole);
        var random = new Random(7);
        var path = Path.Combine(folder, "fuzz.gguf");
        File.WriteAllBytes(path, whole);
        GgufFixtures.LoadAll(path);
        var watch = Stopwatch.StartNew();
        int opened = 0, refused = 0;
        for (var round = 0; round < 1500; round++)
        {
            var bytes = (byte[])whole.Clone();
            if (round % 5 == 0)
            {
                bytes = bytes[..random.Next(0, round % 10 == 0 ? header : bytes.Length)];
            }
            else
            {
                for (var changes = random.Next(1, 4); changes > 0; changes--)
                {
                    var at = random.Next(0, header);
                    switch (random.Next(4))
                    {
                        case 0:
                            bytes[at] = (byte)random.Next(256);
                            break;
                        case 1:
                            bytes[at] ^= (byte)(1 << random.Next(8));
                            break;
                        case 2:
                            bytes.AsSpan(at, Math.Min(8, bytes.Length - at)).Fill(random.Next(2) == 0 ? (byte)0xFF : (byte)0);
                            break;
                        default:
                            bytes.AsSpan(random.Next(0, header), 16).CopyTo(bytes.AsSpan(at));
                            break;
                    }
                }
            }

            File.WriteAllBytes(path, bytes);
            try
            {
                GgufFixtures.LoadAll(path);
                opened++;
            }
            catch (Exception exception) when (exception is CheckpointException or Engine.Tokenization.TokenizerFormatException or Engine.Tokenization.Jinja.TemplateException)
            {
                refused++;
                exception.Message.Should().NotBeNullOrWhiteSpace();
            }
        }

        (opened, refused).Should().Match<(int Opened, int Refused)>(count => count.Opened > 20 && count.Refused > 500);
        watch.Elapsed.Should().BeLessThan(TimeSpan.FromMinutes(2));
    }

    private static GgufBuilder Small() => new GgufBuilder().Text("general.architecture", "llama").Integer("llama.block_count", 7).Number("llama.rope.freq_base", 10000)
        .Flag("tokenizer.ggml.add_bos_token", true).Texts("tokenizer.ggml.tokens", ["a", "é", ""]).Numbers("tokenizer.ggml.scores", [0, -1, -2.5f])
        .Floats("a.weight", [1], 7).Floats("b.weight", [2, 3], 1, 2, 3, 4, 5, 6);

    private static byte[] Damaged(string damage)
    {
        byte[] two = new byte[8];
        ulong[] pair = [2];
        var huge = BitConverter.GetBytes(ulong.MaxValue / 4);
        return damage switch
        {
            "empty" => [],
            "mark" => [.. "GGML"u8, .. new byte[40]],
            "version" => new GgufBuilder { Version = 1 }.Build(),
            "big-endian" => new GgufBuilder { Version = 0x03000000 }.Build(),
            "tensor count" => new GgufBuilder { TensorCount = ulong.MaxValue }.Build(),
            "key count" => new GgufBuilder { KeyCount = ulong.MaxValue }.Build(),
            "key length" => [.. new GgufBuilder { KeyCount = 1 }.Build()[..24], .. BitConverter.GetBytes(ulong.MaxValue), .. two],
            "array count" => new GgufBuilder().Raw("huge", 9, [8, 0, 0, 0, .. huge, .. two]).Build(),
            "array size" => new GgufBuilder().Raw("huge", 9, [12, 0, 0, 0, .. BitConverter.GetBytes(9UL), .. two]).Build(),
            "nesting" => new GgufBuilder().Raw("deep", 9, [.. Enumerable.Repeat<byte[]>([9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], 40).SelectMany(part => part)]).Build(),
            "value type" => new GgufBuilder().Raw("odd", 13, two).Build(),
            "key twice" => new GgufBuilder().Text("same", "a").Text("same", "b").Build(),
            "alignment" => new GgufBuilder().Integer("general.alignment", 24).Build(),
            "rank" => new GgufBuilder().Tensor("t", 0, [1, 1, 1, 1, 1], two).Build(),
            "no rank" => new GgufBuilder().Tensor("t", 0, [], two).Build(),
            "dimension" => new GgufBuilder().Tensor("t", 0, [0], two).Build(),
            "large dimension" => new GgufBuilder().Tensor("t", 0, [1UL << 32], two).Build(),
            "overflow" => new GgufBuilder().Tensor("t", 0, [int.MaxValue, int.MaxValue, 4], two).Build(),
            "tensor type" => new GgufBuilder().Tensor("t", 4, pair, two).Build(),
            "blocks" => new GgufBuilder().Tensor("t", 2, [48], two).Build(),
            "misaligned" => new GgufBuilder().Tensor("t", 0, pair, two, 8).Build(),
            "outside" => new GgufBuilder().Tensor("t", 0, pair, two, 64).Build(),
            "far outside" => new GgufBuilder().Tensor("t", 0, pair, two, 0xFFFF_FFFF_FFFF_FFE0).Build(),
            "overlap" => new GgufBuilder().Tensor("t", 0, pair, two).Tensor("u", 0, pair, two, 0).Build(),
            "tensor twice" => new GgufBuilder().Tensor("t", 0, pair, two).Tensor("t", 0, pair, two).Build(),
            _ => throw new ArgumentOutOfRangeException(nameof(damage), damage, null),
        };
    }
}
