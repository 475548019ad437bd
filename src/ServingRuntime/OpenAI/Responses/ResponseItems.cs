using System.Text;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.OpenAI.Answers;
using Octavo.ServingRuntime.OpenAI.ToolCalls;

namespace Octavo.ServingRuntime.OpenAI.Responses;

/// <summary>
/// Makes the items of a response from an answer's parts, and with each part the events that a stream sends for it. The whole response and the streamed one are
/// made here alike.
/// </summary>
internal sealed class ResponseItems(AnswerReader reader, bool asTokenIds)
{
    private readonly List<ResponseItem> done = [];
    private readonly List<ResponseEvent> events = [];
    private readonly StringBuilder text = new();
    private readonly List<ChatTokenLogprob> logprobs = [];
    private ResponseItem? open;

    public IReadOnlyList<ResponseItem> Done => done;

    public int ReasoningTokens => reader.ReasoningTokens;

    /// <returns>The events of this output, not yet numbered.</returns>
    public IReadOnlyList<ResponseEvent> Add(RequestOutput output)
    {
        events.Clear();
        var news = ChatLogprobs.From(output.NewLogprobs, asTokenIds)?.Content ?? [];
        foreach (var part in reader.Read(output))
        {
            Add(part, part.Kind == AnswerPartKind.Content ? news : []);
            news = part.Kind == AnswerPartKind.Content ? [] : news;
        }

        if (output.FinishReason is { } reason)
        {
            if (open is null && done.Count == 0)
            {
                // An answer without a word is an empty message.
                Open(AnswerPartKind.Content, "");
            }

            Close(reason == FinishReason.Length ? "incomplete" : "completed");
        }

        return events;
    }

    private void Add(AnswerPart part, IReadOnlyList<ChatTokenLogprob> partLogprobs)
    {
        if (open?.Type != TypeOf(part.Kind) || part.Kind == AnswerPartKind.ToolCall)
        {
            Close("completed");
            Open(part.Kind, part.Text);
        }

        if (part.Kind == AnswerPartKind.ToolCall)
        {
            return;
        }

        text.Append(part.Text);
        logprobs.AddRange(partLogprobs);
        Send(part.Kind switch
        {
            AnswerPartKind.Content => new ResponseEvent { Type = "response.output_text.delta", ContentIndex = 0, Delta = part.Text, Logprobs = partLogprobs },
            AnswerPartKind.Reasoning => new ResponseEvent { Type = "response.reasoning_text.delta", ContentIndex = 0, Delta = part.Text },
            _ => new ResponseEvent { Type = "response.function_call_arguments.delta", Delta = part.Text },
        });
    }

    private void Open(AnswerPartKind kind, string name)
    {
        text.Clear();
        logprobs.Clear();
        open = kind switch
        {
            AnswerPartKind.ToolCall => new ResponseItem
            {
                Id = NewId("fc"), Type = TypeOf(kind), Status = "in_progress", CallId = ToolCallId.New(), Name = name, Arguments = "",
            },
            AnswerPartKind.Reasoning => new ResponseItem { Id = NewId("rs"), Type = TypeOf(kind), Status = "in_progress", Summary = [], Content = [] },
            _ => new ResponseItem { Id = NewId("msg"), Type = TypeOf(kind), Status = "in_progress", Role = "assistant", Content = [] },
        };
        events.Add(new ResponseEvent { Type = "response.output_item.added", OutputIndex = done.Count, Item = open });
        if (kind != AnswerPartKind.ToolCall)
        {
            Send(new ResponseEvent { Type = "response.content_part.added", ContentIndex = 0, Part = Part("", []) });
        }
    }

    private void Close(string status)
    {
        if (open is null)
        {
            return;
        }

        var all = text.ToString();
        if (open.CallId is not null)
        {
            open = open with { Arguments = all, Status = status };
            Send(new ResponseEvent { Type = "response.function_call_arguments.done", Name = open.Name, Arguments = all });
        }
        else
        {
            var part = Part(all, [.. logprobs]);
            open = open with { Content = [part], Status = status };
            Send(open.Role is null
                ? new ResponseEvent { Type = "response.reasoning_text.done", ContentIndex = 0, Text = all }
                : new ResponseEvent { Type = "response.output_text.done", ContentIndex = 0, Text = all, Logprobs = part.Logprobs });
            Send(new ResponseEvent { Type = "response.content_part.done", ContentIndex = 0, Part = part });
        }

        events.Add(new ResponseEvent { Type = "response.output_item.done", OutputIndex = done.Count, Item = open });
        done.Add(open);
        open = null;
    }

    /// <summary>An event of the open item.</summary>
    private void Send(ResponseEvent news) => events.Add(news with { ItemId = open!.Id, OutputIndex = done.Count });

    private ResponsePart Part(string content, IReadOnlyList<ChatTokenLogprob> partLogprobs)
        => open!.Role is null
            ? new ResponsePart { Type = "reasoning_text", Text = content }
            : new ResponsePart { Type = "output_text", Text = content, Annotations = [], Logprobs = partLogprobs };

    private static string TypeOf(AnswerPartKind kind) => kind switch
    {
        AnswerPartKind.Content => "message",
        AnswerPartKind.Reasoning => "reasoning",
        _ => "function_call",
    };

    private static string NewId(string prefix) => $"{prefix}_{Guid.NewGuid():N}";
}
