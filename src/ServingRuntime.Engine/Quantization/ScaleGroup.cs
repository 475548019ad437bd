using Octavo.ServingRuntime.Engine.Layers;

namespace Octavo.ServingRuntime.Engine.Quantization;

/// <summary>Linear layers that read the same input, and where a scale of that input can be folded to.</summary>
/// <param name="Input">The layer whose input is looked at; one of the readers, or a router that reads the same.</param>
/// <param name="Readers">Are quantised; their inputs are multiplied by the scale.</param>
/// <param name="Kept">Prefixes of matrices that read the same input and stay as they are: routers.</param>
/// <param name="Source">What makes the input, and is divided by the scale.</param>
/// <param name="ClipFromOutput">The first outputs, queries and keys, are not clipped: errors of their products do not add up like others.</param>
internal sealed record ScaleGroup(Linear Input, IReadOnlyList<Linear> Readers, IReadOnlyList<string> Kept, ScaleSource Source, int ClipFromOutput = 0)
{
    public int Width => Input.InFeatures;
}

internal abstract record ScaleSource;

/// <param name="WeightName">Tensor of the norm's weights.</param>
/// <param name="Offset">Added to them when they are used.</param>
internal sealed record NormSource(string WeightName, float Offset) : ScaleSource;

/// <summary>Outputs of a matrix that the input is linear in. Input channel c comes from row First + c / Run / Repeats * Run + c % Run.</summary>
/// <param name="Prefix">The matrix.</param>
/// <param name="OutFeatures">All of its rows.</param>
/// <param name="First">Its first row that counts.</param>
/// <param name="Run">Channels that follow one another: a head's, or all.</param>
/// <param name="Repeats">Runs of the input that share their rows: query heads of a value head.</param>
internal sealed record RowSource(string Prefix, int OutFeatures, int First, int Run, int Repeats) : ScaleSource
{
    /// <summary>Row of channel c, less First.</summary>
    public int Row(int channel) => (channel / Run / Repeats * Run) + (channel % Run);
}
