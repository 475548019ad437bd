namespace Octavo.LoadGenerator.Workload;

/// <summary>A part of a prompt: words, or token ids where the user gave the size of the vocabulary.</summary>
internal readonly record struct PromptPiece(string Text, int[]? TokenIds)
{
    public PromptPiece Then(PromptPiece next) =>
        TokenIds is { } ids ? new PromptPiece("", [.. ids, .. next.TokenIds ?? []]) : new PromptPiece(Text + " " + next.Text, null);
}
