using System.Text;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Kernels;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.ModelLoader;

public sealed class SafetensorsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("octavo-weights").FullName;

    [Fact]
    public void Open_WellFormed_GivesTheValues()
    {
        using var file = SafetensorsFile.Open(Write(
            "model.safetensors", """{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[0,3],"data_offsets":[8,8]}}   """,
            [0, 0, 128, 63, 0, 0, 0, 192]));
        file.Names.Should().BeEquivalentTo("a", "b");
        file.Tensor("a").AsSpan<float>().ToArray().Should().Equal(1f, -2f);
        file.Tensor("b").Shape.Should().Be(new TensorShape(0, 3));
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", "*tensor a*12 bytes, not 8*")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,16]}}""", "*tensor a*0..16*outside*8 bytes*")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "*tensor a*8..0*")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "*8 bytes*end at 4*")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "*tensor b*overlap*")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "*tensor a*hole*")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "*tensor a*shape*-2*")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2147483647,2147483647,2147483647],"data_offsets":[0,8]}}""", "*tensor a*overflows*")]
    [InlineData("""{"a":{"dtype":"F32","shape":[99999999999],"data_offsets":[0,8]}}""", "*tensor a*too large*")]
    [InlineData("""{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}""", "*tensor a*shape*")]
    [InlineData("""{"a":{"dtype":"F7","shape":[2],"data_offsets":[0,8]}}""", "*tensor a*F7*")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2]}}""", "*tensor a*data_offsets*")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "*malformed*")]
    [InlineData("""[1,2]""", "*no JSON object*")]
    [InlineData("""{"a":""", "*malformed*")]
    public void Open_MalformedHeader_SaysWhat(string header, string message)
    {
        var path = Write("bad.safetensors", header, new byte[8]);
        var open = () => SafetensorsFile.Open(path);
        open.Should().Throw<CheckpointException>().WithMessage("*bad.safetensors*").WithMessage(message);
    }

    [Fact]
    public void Open_LengthsOfAllKinds_ErrorNeverCrash()
    {
        var random = new Random(5);
        var good = File.ReadAllBytes(Path.Combine(Repository.TinyModel, "model.safetensors")).AsSpan(0, 6000).ToArray();
        for (var round = 0; round < 600; round++)
        {
            var bytes = good.AsSpan(0, random.Next(good.Length)).ToArray();
            for (var flips = random.Next(4); flips >= 0 && bytes.Length > 0; flips--)
            {
                bytes[random.Next(2) == 0 ? random.Next(bytes.Length) : random.Next(Math.Min(8, bytes.Length))] = (byte)random.Next(256);
            }

            var path = Path.Combine(folder, "fuzzed");
            File.WriteAllBytes(path, bytes);
            var open = () => SafetensorsFile.Open(path).Dispose();
            open.Should().Throw<CheckpointException>();
        }
    }

    [Fact]
    public void Open_Shards_FindsEachTensor()
    {
        Write("one.safetensors", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", [0, 0, 128, 63]);
        Write("two.safetensors", """{"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", [0, 0, 0, 64]);
        Index("""{"a":"one.safetensors","b":"two.safetensors"}""");
        using var checkpoint = Checkpoint.Open(folder);
        checkpoint.Tensor("b").AsSpan<float>()[0].Should().Be(2f);
        checkpoint.Names.Should().BeEquivalentTo("a", "b");
    }

    [Theory]
    [InlineData("""{"a":"../one.safetensors"}""", "*no plain file name*")]
    [InlineData("""{"a":"missing.safetensors"}""", "*missing.safetensors*")]
    [InlineData("""{"a":"one.safetensors","z":"one.safetensors"}""", "*z is not in one.safetensors*")]
    [InlineData("""{"b":"two.safetensors","a":5}""", "*index.json*")]
    public void Open_BadIndex_SaysWhat(string map, string message)
    {
        Write("one.safetensors", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", new byte[4]);
        Index(map);
        var open = () => Checkpoint.Open(folder);
        open.Should().Throw<CheckpointException>().WithMessage(message);
    }

    [Fact]
    public void Open_NoWeights_NamesTheFolder()
    {
        var open = () => Checkpoint.Open(folder);
        open.Should().Throw<CheckpointException>().WithMessage($"{folder}*model.safetensors*");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private void Index(string map) => File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), $$"""{"weight_map":{{map}}}""");

    private string Write(string name, string header, byte[] data)
    {
        var path = Path.Combine(folder, name);
        var text = Encoding.UTF8.GetBytes(header);
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((ulong)text.Length), .. text, .. data]);
        return path;
    }
}
