using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Kernels;
using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.ModelLoader;

/// <summary>The tiny model's checkpoint with its table of tensors changed.</summary>
public sealed class WeightLoaderTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("octavo-checkpoint").FullName;

    [Fact]
    public void Create_TensorMissing_NamesIt() =>
        Load(header => Rename(header, "model.layers.2.mlp.up_proj.weight", "model.layers.2.mlp.sideways_proj.weight"))
            .Should().Throw<CheckpointException>().WithMessage("*no tensor model.layers.2.mlp.up_proj.weight*");

    [Fact]
    public void Create_TensorUnused_NamesIt() =>
        Load(header => header["model.layers.9.extra.weight"] = Empty())
            .Should().Throw<CheckpointException>().WithMessage("*does not use model.layers.9.extra.weight*");

    [Fact]
    public void Create_ComputedBuffersAndTiedCopies_AreIgnored() =>
        Load(header => header["model.layers.0.self_attn.rotary_emb.inv_freq"] = Empty()).Should().NotThrow();

    [Fact]
    public void Create_WrongShape_NamesBoth() =>
        Load(header => header["model.norm.weight"]!["shape"] = new JsonArray(2, 64))
            .Should().Throw<CheckpointException>().WithMessage("*model.norm.weight*[2, 64]*[128]*");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static JsonObject Empty() => new() { ["dtype"] = "F32", ["shape"] = new JsonArray(0), ["data_offsets"] = new JsonArray(0, 0) };

    private static void Rename(JsonObject header, string from, string to)
    {
        header[to] = header[from]!.DeepClone();
        header.Remove(from);
    }

    private Action Load(Action<JsonObject> change)
    {
        var bytes = File.ReadAllBytes(Path.Combine(Repository.TinyModel, "model.safetensors"));
        var length = (int)BitConverter.ToUInt64(bytes);
        var header = JsonNode.Parse(bytes.AsSpan(8, length))!.AsObject();
        change(header);
        var text = Encoding.UTF8.GetBytes(header.ToJsonString(JsonSerializerOptions.Default));
        File.WriteAllBytes(Path.Combine(folder, "model.safetensors"), [.. BitConverter.GetBytes((ulong)text.Length), .. text, .. bytes.AsSpan(8 + length)]);
        return () =>
        {
            using var backend = new CpuBackend(1);
            using var checkpoint = Checkpoint.Open(folder);
            using var model = ModelRegistry.Create(ModelConfig.Load(Repository.TinyModel), new WeightLoader(checkpoint, backend, DType.BFloat16), 64);
        };
    }
}
