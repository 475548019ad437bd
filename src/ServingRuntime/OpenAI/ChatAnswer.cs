using System.Text;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.OpenAI.Answers;
using Octavo.ServingRuntime.OpenAI.ToolCalls;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>One answer of a chat request while it is collected.</summary>
internal sealed class ChatAnswer(ChatCompletionRequest request)
{
    private readonly AnswerReader reader = new(request.Format);
    private readonly StringBuilder content = new(request.Echo);
    private readonly StringBuilder reasoning = new();
    private readonly List<(string Id, string Name, StringBuilder Arguments)> calls = [];
    private readonly List<int> tokenIds = [];
    private readonly List<DecodedLogprobs> logprobs = [];
    private RequestOutput? last;

    public int ReasoningTokens => reader.ReasoningTokens;

    /// <summary>Of the prompt, where asked for.</summary>
    public IReadOnlyList<DecodedLogprobs?>? PromptLogprobs { get; private set; }

    public void Add(RequestOutput output)
    {
        last = output;
        PromptLogprobs ??= output.PromptLogprobs;
        tokenIds.AddRange(output.NewTokenIds);
        logprobs.AddRange(output.NewLogprobs ?? []);
        foreach (var part in reader.Read(output))
        {
            switch (part.Kind)
            {
                case AnswerPartKind.Reasoning:
                    reasoning.Append(part.Text);
                    break;
                case AnswerPartKind.ToolCall:
                    calls.Add((ToolCallId.New(), part.Text, new StringBuilder()));
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

    public ChatChoice ToChoice(int index)
    {
        var thought = reasoning.Length > 0 ? reasoning.ToString() : null;
        return new ChatChoice
        {
            Index = index,
            Message = new ChatMessage
            {
                Role = request.ResponseRole,
                Content = content.Length == 0 && calls.Count > 0 ? null : content.ToString(),
                ReasoningContent = thought,
                Reasoning = thought,
                ToolCalls = calls.Count > 0 ? [.. calls.Select(c => new ChatToolCall(c.Id, new ChatFunctionCall(c.Name, c.Arguments.ToString())))] : null,
            },
            Logprobs = request.Logprobs.Count is null ? null : ChatLogprobs.From(logprobs, request.Logprobs.AsTokenIds),
            FinishReason = reader.FinishReasonName(last!.FinishReason!.Value),
            StopReason = StopReason.From(last),
            TokenIds = request.ReturnTokenIds ? tokenIds : null,
        };
    }
}
