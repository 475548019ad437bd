using System.Text.Json.Nodes;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Engine.Quantization;
using Octavo.ServingRuntime.Kernels;
using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Quantization;

public sealed class CheckpointQuantizerTests : IDisposable
{
    private readonly QuantizeWorkplace place = new();

    public static TheoryData<string> Checkpoints => [.. QuantizeWorkplace.Checkpoints.Where(name => name != "qwen3_moe_f32")];

    public void Dispose() => place.Dispose();

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Run_EveryArchitecture_IsServedAndPredictsNearlyTheSame(string checkpoint)
    {
        var source = QuantizeWorkplace.Fixture(checkpoint);
        place.Quantize(place.Options(source, "out", calibration: place.Calibration(checkpoint)));

        var prompts = QuantizeWorkplace.Prompts(checkpoint).Where(prompt => prompt.Length <= 64).ToList();
        var expected = QuantizeWorkplace.Predict(source, prompts);
        var actual = QuantizeWorkplace.Predict(place.At("out"), prompts);

        // Random models have nothing to spare; of two that have nothing to do with one another the divergence is 6 and more.
        QuantizeWorkplace.Divergence(expected, actual).Should().BeLessThan(0.5);
        QuantizeWorkplace.Divergence(expected, [.. expected.Skip(1), expected[0]]).Should().BeGreaterThan(1, "the test can tell");
    }

    [Theory]
    [InlineData("llama_gqa_f32")]
    [InlineData("qwen2_gqa_f32")]
    [InlineData("phi3_longrope_f32")]
    public void Run_OutlierChannels_AwqLosesMuchLessThanRtn(string checkpoint)
    {
        // Every thirteenth channel is forty times as large as it was, and its weights forty times as small.
        var source = place.Fold(QuantizeWorkplace.Fixture(checkpoint), "outliers", (_, channel) => channel % 13 == 5 ? 1 / 40f : 1f);
        var calibration = place.Calibration(checkpoint);
        var report = place.Quantize(place.Options(source, "awq", QuantizeMethod.Awq, calibration));
        place.Quantize(place.Options(source, "rtn", QuantizeMethod.Rtn));

        report.Error.Should().BeLessThan(report.PlainError!.Value / 4);
        var prompts = QuantizeWorkplace.Prompts(checkpoint).Where(prompt => prompt.Length <= 64).ToList();
        var expected = QuantizeWorkplace.Predict(source, prompts);
        var awq = QuantizeWorkplace.Divergence(expected, QuantizeWorkplace.Predict(place.At("awq"), prompts));
        var rtn = QuantizeWorkplace.Divergence(expected, QuantizeWorkplace.Predict(place.At("rtn"), prompts));
        awq.Should().BeLessThan(rtn / 3);
    }

    [Theory]
    [InlineData(QuantizeMethod.Rtn, null)]
    [InlineData(QuantizeMethod.Awq, null)]
    [InlineData(QuantizeMethod.Awq, QuantizeOptions.SelfCalibration)]
    public void Run_TrainedModel_StillAnswersAlike(QuantizeMethod method, string? calibration)
    {
        place.Quantize(place.Options(Repository.TinyModel, "out", method, calibration));

        var prompts = GoldenCase.All.Select(golden => golden.InputIds).ToList();
        var expected = QuantizeWorkplace.Predict(Repository.TinyModel, prompts);
        QuantizeWorkplace.Divergence(expected, QuantizeWorkplace.Predict(place.At("out"), prompts)).Should().BeLessThan(0.1);
        using var engine = new EngineHarness(EngineHarness.Defaults with { ModelPath = place.At("out") });
        var golden = GoldenCase.All[0];
        engine.Run(golden.InputIds, EngineHarness.Greedy(8)).Tokens.Should().Equal(golden.GreedyIds.Take(8));
    }

    [Fact]
    public void Run_Rtn_PacksWhatTheReaderUnpacks()
    {
        place.Quantize(place.Options(QuantizeWorkplace.Fixture("llama_gqa_f32"), "out", QuantizeMethod.Rtn));

        using var backend = new CpuBackend(1);
        using var before = Checkpoint.Open(QuantizeWorkplace.Fixture("llama_gqa_f32"));
        using var after = Checkpoint.Open(place.At("out"));
        var config = ModelConfig.Load(place.At("out"));
        config.Quantization.Should().BeEquivalentTo(new QuantizationConfig { Method = QuantizationMethod.Awq, Bits = 4, GroupSize = 32 });
        config.DType.Should().Be(DType.Float16, "float32 is to be loaded as the scales are");
        const string prefix = "model.layers.1.mlp.down_proj";
        var weight = before.Tensor(prefix + ".weight");
        var (outputs, inputs) = (weight.Shape[0], weight.Shape[1]);
        var matrix = QuantizedMatrixReader.Read(new WeightLoader(after, backend, DType.Float32, config.Quantization), config.Quantization!, prefix, inputs, outputs);
        var expected = weight.ToFloat32();
        for (var n = 0; n < outputs; n++)
        {
            for (var k = 0; k < inputs; k++)
            {
                var group = (k / 32 * outputs) + n;
                var actual = (matrix.Values[(k * outputs) + n] * matrix.Scales[group]) - matrix.Offsets[group];

                // Half a step, or what was clipped off an end of the grid.
                var end = matrix.Values[(k * outputs) + n] is 0 or 15;
                Math.Abs(actual - expected[(n * inputs) + k]).Should().BeLessThan(matrix.Scales[group] * (end ? 8 : 0.51f), "output {0} input {1}", n, k);
            }
        }

        after.Names.Should().NotContain(prefix + ".weight").And.Contain("lm_head.weight");
        after.Tensor("lm_head.weight").ToFloat32().Should().Equal(before.Tensor("lm_head.weight").ToFloat32());
        after.Tensor("model.layers.0.input_layernorm.weight").ToFloat32().Should().Equal(before.Tensor("model.layers.0.input_layernorm.weight").ToFloat32());
    }

    [Fact]
    public void Run_MixtureOfExperts_RoutersKeepTheirBitsButForPowersOfTwo()
    {
        const string checkpoint = "qwen2_moe_sparse_step_f16";
        place.Quantize(place.Options(QuantizeWorkplace.Fixture(checkpoint), "out", calibration: place.Calibration(checkpoint)));

        using var before = Checkpoint.Open(QuantizeWorkplace.Fixture(checkpoint));
        using var after = Checkpoint.Open(place.At("out"));
        foreach (var name in new[] { "model.layers.1.mlp.gate.weight", "model.layers.1.mlp.shared_expert_gate.weight" })
        {
            before.Tensor(name).ToFloat32().Zip(after.Tensor(name).ToFloat32()).Where(pair => pair.First != 0)
                .Should().OnlyContain(pair => Math.Log2(pair.Second / pair.First) % 1 == 0);
        }

        after.Names.Should().Contain("model.layers.1.mlp.experts.3.down_proj.qweight");
        var kept = JsonNode.Parse(File.ReadAllText(Path.Combine(place.At("out"), "config.json")))!["quantization_config"]!["modules_to_not_convert"]!.AsArray().Select(name => name!.GetValue<string>());
        kept.Should().Contain(["lm_head", "model.layers.1.mlp.gate", "model.layers.3.mlp.shared_expert_gate"]);
    }

    [Fact]
    public void Run_LargerThanAShard_WritesShardsWithTheirIndex()
    {
        File.WriteAllText(Path.Combine(Copy(Repository.TinyModel, "source"), "pytorch_model.bin"), "pickle");
        place.Quantize(place.Options(place.At("source"), "out", QuantizeMethod.Rtn) with { MaxShardBytes = 300_000 });

        Directory.EnumerateFiles(place.At("out"), "model-*-of-*.safetensors").Should().HaveCountGreaterThan(1);
        File.Exists(Path.Combine(place.At("out"), "model.safetensors")).Should().BeFalse();
        File.Exists(Path.Combine(place.At("out"), "pytorch_model.bin")).Should().BeFalse("weights of other formats are not copied");
        File.Exists(Path.Combine(place.At("out"), "tokenizer.json")).Should().BeTrue();
        QuantizeWorkplace.Predict(place.At("out"), [GoldenCase.All[0].InputIds]).Should().ContainSingle();
    }

    [Fact]
    public void Run_WhatCannotBeDone_IsRefusedAndLeavesNothing()
    {
        var tiny = place.Options(Repository.TinyModel, "out", QuantizeMethod.Rtn);
        Directory.CreateDirectory(place.At("there"));

        Refuse(tiny with { ModelPath = place.At("none") }, QuantizationFault.NotFound, "*none is no folder*");
        Refuse(tiny with { OutputPath = place.At("there") }, QuantizationFault.Usage, "*there exists already*");
        Refuse(tiny with { ModelPath = QuantizeWorkplace.Fixture("awq_g32") }, QuantizationFault.Unsuitable, "*is quantised already (awq)*");
        Refuse(tiny with { GroupSize = 128 }, QuantizationFault.Unsuitable, "*down_proj: 352 inputs*--group-size 32 fits*");
        Refuse(tiny with { SequenceLength = 8192 }, QuantizationFault.Usage, "*--seq-len: 8192*2048*");
        Refuse(tiny with { Method = QuantizeMethod.Awq, Calibration = place.At("none.txt") }, QuantizationFault.NotFound, "*none.txt*");
        Refuse(tiny, QuantizationFault.NoSpace, "*GB are needed*", freeBytes: _ => 1_000_000);
        var source = Copy(QuantizeWorkplace.Fixture("llama_gqa_f32"), "source");
        File.WriteAllText(Path.Combine(source, "config.json"), File.ReadAllText(Path.Combine(source, "config.json")).Replace("LlamaForCausalLM", "MambaForCausalLM", StringComparison.Ordinal));
        Refuse(tiny with { ModelPath = source }, QuantizationFault.Unsuitable, "*MambaForCausalLM is not supported*");

        Directory.EnumerateFileSystemEntries(place.Root).Select(Path.GetFileName).Should().BeEquivalentTo("there", "source");
    }

    [Fact]
    public void Run_WeightThatIsNoNumber_IsNamedAndLeavesNothing()
    {
        var source = Copy(QuantizeWorkplace.Fixture("llama_gqa_f32"), "source");
        using (var checkpoint = Checkpoint.Open(source))
        using (var file = new FileStream(Path.Combine(source, "model.safetensors"), FileMode.Open, FileAccess.Write))
        {
            // The last bytes of the file are the last tensor's: a norm, unless it is put elsewhere.
            var bytes = File.ReadAllBytes(Path.Combine(QuantizeWorkplace.Fixture("llama_gqa_f32"), "model.safetensors"));
            var wanted = checkpoint.Tensor("model.layers.1.self_attn.o_proj.weight").AsSpan<float>()[..4];
            file.Position = bytes.AsSpan().IndexOf(System.Runtime.InteropServices.MemoryMarshal.AsBytes(wanted));
            file.Write(BitConverter.GetBytes(float.NaN));
        }

        Refuse(place.Options(source, "out", QuantizeMethod.Rtn), QuantizationFault.Unsuitable, "*model.layers.1.self_attn.o_proj.weight*no number*");
        Directory.EnumerateFileSystemEntries(place.Root).Select(Path.GetFileName).Should().BeEquivalentTo("source");
    }

    [Fact]
    public void Run_Cancelled_LeavesNothing()
    {
        using var stop = new CancellationTokenSource();
        var quantizer = new CheckpointQuantizer(place.Options(Repository.TinyModel, "out"), TimeProvider.System, line =>
        {
            if (line.StartsWith("layer 2", StringComparison.Ordinal))
            {
                Directory.EnumerateDirectories(place.Root, ".out.partial-*").Should().ContainSingle();
                stop.Cancel();
            }
        });

        quantizer.Invoking(q => q.Run(stop.Token)).Should().Throw<OperationCanceledException>();
        Directory.EnumerateFileSystemEntries(place.Root).Should().BeEmpty();
    }

    private void Refuse(QuantizeOptions options, QuantizationFault fault, string message, Func<string, long>? freeBytes = null) =>
        new CheckpointQuantizer(options, TimeProvider.System, _ => { }, freeBytes).Invoking(quantizer => quantizer.Run(CancellationToken.None))
            .Should().Throw<QuantizationException>().WithMessage(message).Which.Fault.Should().Be(fault);

    private string Copy(string model, string name)
    {
        var folder = Directory.CreateDirectory(place.At(name)).FullName;
        foreach (var file in Directory.EnumerateFiles(model))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        return folder;
    }
}
