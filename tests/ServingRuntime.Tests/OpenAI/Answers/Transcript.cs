using System.Text;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.OpenAI.Answers;

namespace Octavo.ServingRuntime.Tests.OpenAI.Answers;

/// <summary>What a client has when it has joined the pieces of an answer.</summary>
internal sealed record Transcript(string Content, string Reasoning, IReadOnlyList<(string Name, string Arguments)> Calls, string Finish)
{
    /// <param name="format">How the model writes.</param>
    /// <param name="pieces">Its text, cut anyhow.</param>
    /// <param name="reason">How it ended.</param>
    /// <param name="onPart">Sees every part in turn.</param>
    public static Transcript Read(AnswerFormat format, IEnumerable<string> pieces, FinishReason reason = FinishReason.Stop, Action<AnswerPart>? onPart = null)
    {
        var reader = new AnswerReader(format);
        var content = new StringBuilder();
        var reasoning = new StringBuilder();
        var calls = new List<(string Name, StringBuilder Arguments)>();
        foreach (var output in pieces.Select(p => new RequestOutput { TextDelta = p, NewTokenIds = [70] }).Append(new RequestOutput { FinishReason = reason }))
        {
            foreach (var part in reader.Read(output))
            {
                if (part.Text.Length == 0 || (part.Kind == AnswerPartKind.ToolCall && part.Call != calls.Count))
                {
                    throw new InvalidOperationException($"{part} is empty or out of turn");
                }

                onPart?.Invoke(part);
                switch (part.Kind)
                {
                    case AnswerPartKind.Reasoning:
                        reasoning.Append(part.Text);
                        break;
                    case AnswerPartKind.ToolCall:
                        calls.Add((part.Text, new StringBuilder()));
                        break;
                    case AnswerPartKind.Arguments:
                        calls[part.Call].Arguments.Append(part.Text);
                        break;
                    default:
                        content.Append(part.Text);
                        break;
                }
            }
        }

        return new Transcript(content.ToString(), reasoning.ToString(), [.. calls.Select(c => (c.Name, c.Arguments.ToString()))], reader.FinishReasonName(reason));
    }

    /// <summary>Readable in a failed test.</summary>
    public override string ToString() => $"{Content}|{Reasoning}|{string.Join(';', Calls.Select(c => c.Name + c.Arguments))}|{Finish}";
}
