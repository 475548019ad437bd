namespace Octavo.ServingRuntime.Engine.Tokenization.PostProcessors;

/// <summary>Puts special tokens around a sequence; the <c>post_processor</c> of a tokenizer.json.</summary>
internal abstract class PostProcessor
{
    public abstract List<int> Process(List<int> ids);

    public virtual bool AddsTokens => false;
}

/// <summary>ByteLevel here only corrects offsets, which this tokenizer does not give.</summary>
internal sealed class ByteLevelPostProcessor : PostProcessor
{
    public override List<int> Process(List<int> ids) => ids;
}

/// <summary>A row of special tokens and the sequence.</summary>
/// <param name="template">Ids to put in place; null stands for the sequence.</param>
internal sealed class TemplatePostProcessor(IReadOnlyList<int[]?> template) : PostProcessor
{
    public override bool AddsTokens => true;

    public override List<int> Process(List<int> ids)
    {
        var output = new List<int>(ids.Count + template.Count);
        foreach (var part in template)
        {
            output.AddRange(part ?? (IEnumerable<int>)ids);
        }

        return output;
    }
}

/// <summary>Applies several in order.</summary>
internal sealed class SequencePostProcessor(IReadOnlyList<PostProcessor> parts) : PostProcessor
{
    public override bool AddsTokens => parts.Any(part => part.AddsTokens);

    public override List<int> Process(List<int> ids) => parts.Aggregate(ids, (current, part) => part.Process(current));
}
