using System.Text;
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

    // What has come since the last Take.
    private string text = "";
    private List<int>? tokens;
    private List<DecodedLogprobs>? logprobs;
    private List<DecodedLogprobs?>? promptLogprobs;
    private EngineCoreOutput last;
    private FinishReason? finish;
    private string? stop;

    public OutputProcessor(Tokenizer tokenizer, GenerationRequest request, int index)
    {
        this.tokenizer = tokenizer;
        this.request = request;
        this.index = index;
        stops = [.. request.StopStrings.Where(s => s.Length > 0)];
        detokenizer = new IncrementalDetokenizer(tokenizer, request.PromptTokenIds, request.SkipSpecialTokens, request.ShownSpecialTokenIds);
    }

    /// <summary>Whether the answer ended here, by a stop string, though the engine goes on: it must be told.</summary>
    public bool StoppedByString { get; private set; }

    /// <summary>Why the answer has ended; null while it has not.</summary>
    public FinishReason? FinishReason => finish;

    /// <summary>One output at once.</summary>
    public RequestOutput Process(in EngineCoreOutput output)
    {
        Append(output);
        return Take(null);
    }

    /// <summary>Call with each output of the engine in turn, until the answer has ended.</summary>
    public void Append(in EngineCoreOutput output)
    {
        last = output;
        finish = output.FinishReason;
        if (output.NewTokenId is { } token)
        {
            generated++;
            (tokens ??= []).Add(token);
            // A stop token itself is no part of the text.
            if (!output.IsStopToken || request.IncludeStopStringInOutput)
            {
                AppendText(detokenizer.Append(token));
            }
        }

        if (output.NewLogprobs is { } given)
        {
            (logprobs ??= []).Add(Decode(given));
        }

        if (output.PromptLogprobs is { } prompt)
        {
            promptLogprobs = [.. prompt.Select(entry => entry is null ? null : Decode(entry))];
        }

        if (finish is not null && stop is null)
        {
            Flush();
        }
    }

    /// <summary>All that is new since the last call, as one output.</summary>
    /// <param name="metrics">For the answer's last output.</param>
    public RequestOutput Take(RequestMetrics? metrics)
    {
        var output = new RequestOutput
        {
            Index = index,
            TextDelta = text,
            NewTokenIds = tokens ?? (IReadOnlyList<int>)[],
            NewLogprobs = logprobs,
            PromptLogprobs = promptLogprobs,
            FinishReason = finish,
            StopString = stop,
            StopTokenId = stop is null ? last.StopTokenId : null,
            NumCachedTokens = last.NumCachedTokens,
            Metrics = metrics,
            ErrorMessage = last.ErrorMessage,
        };
        text = "";
        tokens = null;
        logprobs = null;
        promptLogprobs = null;
        return output;
    }

    private void AppendText(string piece)
    {
        if (stops.Count == 0)
        {
            text += piece;
            return;
        }

        held += piece;
        if (generated > request.SamplingParams.MinTokens && TakeUpToStop(out var before, out stop))
        {
            text += before;
            StoppedByString = finish is null;
            finish = Core.FinishReason.Stop;
        }
        else
        {
            text += TakeSettled();
        }
    }

    private void Flush()
    {
        held += detokenizer.Flush();
        if (TakeUpToStop(out var before, out stop))
        {
            text += before;
            finish = finish == Core.FinishReason.Length ? Core.FinishReason.Stop : finish;
        }
        else
        {
            text += held;
            held = "";
        }
    }

    /// <summary>The held text up to the first stop string in it.</summary>
    private bool TakeUpToStop(out string before, out string? found)
    {
        (before, found) = ("", null);
        var at = int.MaxValue;
        foreach (var candidate in stops)
        {
            var here = held.IndexOf(candidate, StringComparison.Ordinal);
            if (here >= 0 && (here < at || (here == at && candidate.Length > found!.Length)))
            {
                (at, found) = (here, candidate);
            }
        }

        if (found is null)
        {
            return false;
        }

        before = held[..(at + (request.IncludeStopStringInOutput ? found.Length : 0))];
        held = "";
        return true;
    }

    /// <summary>The held text but for an end that may be the beginning of a stop string.</summary>
    private string TakeSettled()
    {
        var keep = 0;
        foreach (var candidate in stops)
        {
            for (var length = Math.Min(candidate.Length - 1, held.Length); length > keep; length--)
            {
                if (held.AsSpan(held.Length - length).SequenceEqual(candidate.AsSpan(0, length)))
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

    private DecodedLogprobs Decode(TokenLogprobs given)
        => new(Decode(given.TokenId, given.Logprob), [.. given.Top.Select(t => Decode(t.TokenId, t.Logprob))])
        {
            Rank = given.Rank, Requested = [.. given.Requested.Select(t => Decode(t.TokenId, t.Logprob))],
        };

    private DecodedLogprob Decode(int tokenId, float logprob)
    {
        var bytes = tokenizer.TokenBytes(tokenId);
        return new(tokenId, Encoding.UTF8.GetString(bytes), bytes, logprob);
    }
}
