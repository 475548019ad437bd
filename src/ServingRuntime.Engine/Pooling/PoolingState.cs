namespace Octavo.ServingRuntime.Engine.Pooling;

/// <summary>How far a prompt's hidden states have been taken in. Begins again with the prompt, since a preempted request is computed anew.</summary>
internal sealed class PoolingState(PoolingParams parameters)
{
    private double[] sums = [];

    public PoolingParams Params => parameters;

    /// <summary>The finished vector; null until the prompt's last token.</summary>
    public float[]? Embedding { get; private set; }

    /// <summary>Position of the next token to take in.</summary>
    public int Next { get; private set; }

    /// <summary>Takes in the hidden state of the token at a position. Sums are made one token after the other in double precision, so chunks change no bit.</summary>
    public void Add(int position, ReadOnlySpan<float> hidden)
    {
        if (position == 0 || sums.Length == 0)
        {
            sums = sums.Length == hidden.Length ? sums : new double[hidden.Length];
            Array.Clear(sums);
        }
        else if (position != Next && parameters.Type == PoolingType.Mean)
        {
            throw new InvalidOperationException($"position {position} follows {Next - 1} in a mean");
        }

        Next = position + 1;
        for (var i = 0; i < hidden.Length; i++)
        {
            sums[i] = parameters.Type == PoolingType.Mean ? sums[i] + hidden[i] : hidden[i];
        }
    }

    /// <summary>Makes the vector of what was taken in: the mean or the last, cut, then scaled.</summary>
    /// <returns>False: it is not made of numbers.</returns>
    public bool TryFinish()
    {
        var width = parameters.Dimensions ?? sums.Length;
        var values = sums.AsSpan(0, width);
        var scale = parameters.Type == PoolingType.Mean ? 1.0 / Next : 1.0;
        if (parameters.Normalize)
        {
            var squares = 0.0;
            foreach (var value in values)
            {
                squares += value * scale * (value * scale);
            }

            scale = squares > 0 ? scale / Math.Sqrt(squares) : scale;
        }

        var embedding = new float[width];
        for (var i = 0; i < width; i++)
        {
            embedding[i] = (float)(values[i] * scale);
            if (!float.IsFinite(embedding[i]))
            {
                return false;
            }
        }

        Embedding = embedding;
        return true;
    }
}
