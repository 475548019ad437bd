using Octavo.ServingRuntime.Engine.Tokenization;

namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>Turns the tokens of one answer into text as they come, and ends the answer at a stop string.</summary>
public sealed class OutputProcessor
{
    private readonly Tokenizer tokenizer;
    private readonly GenerationRequest request;
    private readonly int index;
    private readonly IncrementalDetokenizer detokenizer;
    private readonly IReadOnlyList<string> stops;
    private string held = "";
    private int generated;

    public OutputProcessor(Tokenizer tokenizer, GenerationRequest request, int index)
    {
        this.tokenizer = tokenizer;
        this.request = request;
        this.index = index;
        stops = [.. request.StopStrings.Where(s => s.Length > 0)];
        detokenizer = new IncrementalDetokenizer(tokenizer, request.PromptTokenIds, request.SkipSpecialTokens);
    }

    /// <summary>Whether the answer ended here, by a stop string, though the engine goes on: it must be told.</summary>
    public bool StoppedByString { get; private set; }

    /// <summary>Call with each output of the engine in turn, until one carries a finish reason.</summary>
    public RequestOutput Process(EngineCoreOutput output)
    {
        var text = "";
        var finish = output.FinishReason;
        var stop = default(string);
        if (output.NewTokenId is { } token)
        {
            generated++;
            // A stop token itself is no part of the text.
            if (!output.IsStopToken || request.IncludeStopStringInOutput)
            {
                held += detokenizer.Append(token);
                if (generated > request.SamplingParams.MinTokens && TakeUpToStop(out var before, out stop))
                {
                    text += before;
                    finish = FinishReason.Stop;
                    StoppedByString = output.FinishReason is null;
                }
                else
                {
                    text += TakeSettled();
                }
            }
        }

        if (finish is not null && stop is null)
        {
            held += detokenizer.Flush();
            if (TakeUpToStop(out var before, out stop))
            {
                text += before;
                finish = finish == FinishReason.Length ? FinishReason.Stop : finish;
            }
            else
            {
                text += held;
                held = "";
            }
        }

        return new RequestOutput
        {
            Index = index,
            TextDelta = text,
            NewTokenIds = output.NewTokenId is { } id ? [id] : [],
            NewLogprobs = output.NewLogprobs is { } logprobs ? [Decode(logprobs)] : null,
            FinishReason = finish,
            StopString = stop,
            StopTokenId = stop is null ? output.StopTokenId : null,
            NumCachedTokens = output.NumCachedTokens,
            ErrorMessage = output.ErrorMessage,
        };
    }

    /// <summary>The held text up to the first stop string in it.</summary>
    private bool TakeUpToStop(out string before, out string? stop)
    {
        (before, stop) = ("", null);
        var at = int.MaxValue;
        foreach (var candidate in stops)
        {
            var found = held.IndexOf(candidate, StringComparison.Ordinal);
            if (found >= 0 && (found < at || (found == at && candidate.Length > stop!.Length)))
            {
                (at, stop) = (found, candidate);
            }
        }

        if (stop is null)
        {
            return false;
        }

        before = held[..(at + (request.IncludeStopStringInOutput ? stop.Length : 0))];
        held = "";
        return true;
    }

    /// <summary>The held text but for an end that may be the beginning of a stop string.</summary>
    private string TakeSettled()
    {
        var keep = 0;
        foreach (var stop in stops)
        {
            for (var length = Math.Min(stop.Length - 1, held.Length); length > keep; length--)
            {
                if (held.AsSpan(held.Length - length).SequenceEqual(stop.AsSpan(0, length)))
                {
                    keep = length;
                    break;
                }
            }
        }

        var settled = held[..^keep];
        held = held[^keep..];
        return settled;
    }

    private DecodedLogprobs Decode(TokenLogprobs logprobs)
        => new(Decode(logprobs.TokenId, logprobs.Logprob), [.. logprobs.Top.Select(t => Decode(t.TokenId, t.Logprob))]);

    private DecodedLogprob Decode(int tokenId, float logprob)
        => new(tokenId, tokenizer.Decode([tokenId], skipSpecialTokens: false), tokenizer.TokenBytes(tokenId), logprob);
}
