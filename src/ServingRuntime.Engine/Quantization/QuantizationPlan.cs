using Octavo.ServingRuntime.Engine.Layers;
using Octavo.ServingRuntime.Engine.Models;

namespace Octavo.ServingRuntime.Engine.Quantization;

/// <summary>
/// What is quantised of a model, read off its layers: so whatever architecture is built of them can be, and no list of architectures is kept. Heads, embeddings, norms and routers stay.
/// </summary>
/// <param name="Layers">Groups of each decoder layer, a group before those that are fed by its outputs.</param>
/// <param name="Kept">Prefixes of matrices inside of layers that stay.</param>
internal sealed record QuantizationPlan(IReadOnlyList<IReadOnlyList<ScaleGroup>> Layers, IReadOnlyList<string> Kept)
{
    public IEnumerable<(string Prefix, int OutFeatures, int InFeatures)> Matrices =>
        from layer in Layers from @group in layer from reader in @group.Readers from part in reader.Parts select (part.Prefix, part.OutFeatures, reader.InFeatures);

    public static QuantizationPlan Create(CausalDecoder model, ModelConfig config)
    {
        var layers = model.Layers.Select(layer => (IReadOnlyList<ScaleGroup>)[.. Attention(layer, config), .. FeedForward(layer)]).ToList();
        return new QuantizationPlan(layers, [.. layers.SelectMany(layer => layer).SelectMany(group => group.Kept)]);
    }

    /// <exception cref="QuantizationException">Matrices that the format cannot hold.</exception>
    public void Check(int groupSize)
    {
        var inputs = Matrices.Select(matrix => matrix.InFeatures).Distinct().ToList();
        if (Matrices.Where(matrix => matrix.InFeatures % groupSize != 0).Select(matrix => matrix.Prefix).FirstOrDefault() is { } prefix)
        {
            var width = Matrices.First(matrix => matrix.Prefix == prefix).InFeatures;
            var other = new[] { 128, 64, 32 }.FirstOrDefault(size => size < groupSize && inputs.All(count => count % size == 0));
            throw new QuantizationException(
                QuantizationFault.Unsuitable,
                $"{prefix}: {width} inputs are no multiple of the group size {groupSize}{(other > 0 ? $"; --group-size {other} fits all of the model's" : ", and no other group size fits")}.");
        }

        if (Matrices.FirstOrDefault(matrix => matrix.OutFeatures % AwqPacking.PerWord != 0) is { Prefix: not null } odd)
        {
            throw new QuantizationException(QuantizationFault.Unsuitable, $"{odd.Prefix}: {odd.OutFeatures} outputs are no multiple of {AwqPacking.PerWord}, which the AWQ layout needs.");
        }
    }

    private static IEnumerable<ScaleGroup> Attention(DecoderLayer layer, ModelConfig config)
    {
        var attention = layer.Attention;
        var queriesAndKeys = attention.QueryWidth + attention.KeyWidth;
        yield return new ScaleGroup(attention.Projection, [attention.Projection], [], Norm(layer.InputNorm), ClipFromOutput: queriesAndKeys);
        var parts = attention.Projection.Parts;
        var values = new RowSource(
            parts[^1].Prefix, parts[^1].OutFeatures, parts.Length == 1 ? queriesAndKeys : 0, config.HeadDim, config.NumAttentionHeads / config.NumKeyValueHeads);
        yield return new ScaleGroup(attention.Output, [attention.Output], [], values);
    }

    private static IEnumerable<ScaleGroup> FeedForward(DecoderLayer layer)
    {
        var norm = Norm(layer.FeedForwardNorm);
        if (layer.FeedForward is GatedMlp dense)
        {
            return [new ScaleGroup(dense.GateUp, [dense.GateUp], [], norm), Down(dense)];
        }

        var mixture = (MixtureOfExperts)layer.FeedForward;
        List<GatedMlp> experts = [.. mixture.Experts, .. mixture.SharedExpert is { } shared ? [shared] : Array.Empty<GatedMlp>()];
        List<string> kept = [mixture.Router.Parts[0].Prefix, .. mixture.SharedGate is { } gate ? [gate.Parts[0].Prefix] : Array.Empty<string>()];
        return [new ScaleGroup(mixture.Router, [.. experts.Select(expert => expert.GateUp)], kept, norm), .. experts.Select(Down)];
    }

    private static ScaleGroup Down(GatedMlp network)
    {
        var (prefix, outputs) = network.GateUp.Parts[^1];
        var width = network.Down.InFeatures;
        return new ScaleGroup(network.Down, [network.Down], [], new RowSource(prefix, outputs, outputs - width, width, Repeats: 1));
    }

    private static NormSource Norm(RmsNorm norm) => new(norm.WeightName, norm.WeightOffset);
}
