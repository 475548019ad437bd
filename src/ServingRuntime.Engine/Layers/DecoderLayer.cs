using Octavo.ServingRuntime.Engine.ModelRunner;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Layers;

/// <summary>
/// One layer around the residual stream: attention, then a feed-forward network, each with a norm before it and, in some models, one of its output before it is added.
/// </summary>
public sealed class DecoderLayer(Attention attention, IFeedForward feedForward) : IDisposable
{
    public required RmsNorm InputNorm { get; init; }

    public required RmsNorm FeedForwardNorm { get; init; }

    /// <summary>Of attention's output, before it is added to the stream.</summary>
    public RmsNorm? AttentionOutputNorm { get; init; }

    /// <summary>Of the feed-forward's output, before it is added to the stream.</summary>
    public RmsNorm? FeedForwardOutputNorm { get; init; }

    internal Attention Attention => attention;

    internal IFeedForward FeedForward => feedForward;

    /// <summary>Adds the layer's two branches to the stream: <paramref name="hidden"/> is the branch that is still to be added to <paramref name="residual"/>.</summary>
    public void Forward(in Tensor hidden, in Tensor residual, bool isFirst, in AttentionMetadata metadata, KeyValueBlocks cache, ActivationArena arena)
    {
        if (isFirst)
        {
            InputNorm.Forward(residual, hidden);
        }
        else
        {
            InputNorm.ForwardAdd(hidden, residual, hidden);
        }

        attention.Forward(hidden, metadata, cache, arena);
        AttentionOutputNorm?.Forward(hidden, hidden);
        FeedForwardNorm.ForwardAdd(hidden, residual, hidden);
        feedForward.Forward(hidden, arena);
        FeedForwardOutputNorm?.Forward(hidden, hidden);
    }

    public void Dispose()
    {
        InputNorm.Dispose();
        attention.Dispose();
        AttentionOutputNorm?.Dispose();
        FeedForwardNorm.Dispose();
        feedForward.Dispose();
        FeedForwardOutputNorm?.Dispose();
    }
}
