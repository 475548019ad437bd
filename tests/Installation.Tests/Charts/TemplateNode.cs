namespace Octavo.Installation.Tests.Charts;

/// <summary>A part of a template. Inner parts are null where there is no else.</summary>
internal abstract record TemplateNode
{
    public sealed record Text(string Value) : TemplateNode;

    public sealed record Output(string Pipeline) : TemplateNode;

    public sealed record If(string Pipeline, IReadOnlyList<TemplateNode> Then, IReadOnlyList<TemplateNode> Otherwise) : TemplateNode;

    public sealed record With(string Pipeline, IReadOnlyList<TemplateNode> Then, IReadOnlyList<TemplateNode> Otherwise) : TemplateNode;

    public sealed record Range(string Pipeline, IReadOnlyList<TemplateNode> Then, IReadOnlyList<TemplateNode> Otherwise) : TemplateNode;
}
