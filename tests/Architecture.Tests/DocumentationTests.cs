using System.Text.RegularExpressions;
using Octavo.TestSupport;

namespace Octavo.Architecture.Tests;

/// <summary>Documents that name types and files name ones that exist.</summary>
public sealed partial class DocumentationTests
{
    [Fact]
    public void ArchitectureDocument_NamesOnlyTypesThatExist()
    {
        var declared = SourceTree.Files("src", "*.cs").Concat(SourceTree.Files("bench", "*.cs")).Concat(SourceTree.Files("tests", "*.cs"))
            .SelectMany(f => TypeDeclaration().Matches(File.ReadAllText(f)).Select(m => m.Groups[1].Value)).ToHashSet(StringComparer.Ordinal);
        var projects = SourceTree.Files("src", "*.csproj").Select(Path.GetFileNameWithoutExtension).ToHashSet(StringComparer.Ordinal);
        var text = File.ReadAllText(Path.Combine(Repository.Root, "ARCHITECTURE.md"));

        var named = CodeSpan().Matches(text).Select(m => m.Groups[1].Value).Where(s => TypeName().IsMatch(s)).Select(s => s.Split('<', '.')[0]).Distinct().Where(n => !projects.Contains(n)).ToList();

        named.Should().NotBeEmpty();
        named.Where(n => !declared.Contains(n)).Should().BeEmpty("ARCHITECTURE.md names only types that exist");
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("ARCHITECTURE.md")]
    [InlineData("CONTRIBUTING.md")]
    public void Document_Links_LeadToFiles(string document)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, document));

        var dead = Link().Matches(text).Select(m => m.Groups[1].Value.Split('#')[0]).Where(l => l.Length > 0 && !l.Contains("://", StringComparison.Ordinal))
            .Where(l => !Path.Exists(Path.Combine(Repository.Root, l)));

        dead.Should().BeEmpty();
    }

    [Fact]
    public void Makefile_TargetsInDocuments_Exist()
    {
        var targets = MakeTarget().Matches(File.ReadAllText(Path.Combine(Repository.Root, "Makefile"))).Select(m => m.Groups[1].Value).ToHashSet(StringComparer.Ordinal);
        var used = ((string[])["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"]).SelectMany(d => MakeUse().Matches(File.ReadAllText(Path.Combine(Repository.Root, d))).Select(m => m.Groups[1].Value));

        used.Where(u => !targets.Contains(u)).Should().BeEmpty();
    }

    [GeneratedRegex(@"\b(?:class|interface|enum|struct|record(?:\s+(?:struct|class))?)\s+(\w+)", RegexOptions.None, 20_000)]
    private static partial Regex TypeDeclaration();

    [GeneratedRegex(@"`([^`\n]+)`", RegexOptions.None, 20_000)]
    private static partial Regex CodeSpan();

    /// <summary>A type as documents write it: Pascal case with a second capital or lower-case letter, perhaps with type arguments or a member.</summary>
    [GeneratedRegex(@"^I?[A-Z][a-z]\w*[A-Z]\w*(<\w*>)?(\.\w+(\(\))?)?$|^V1\w+$", RegexOptions.None, 20_000)]
    private static partial Regex TypeName();

    [GeneratedRegex(@"\]\(([^)\s]+)\)", RegexOptions.None, 20_000)]
    private static partial Regex Link();

    [GeneratedRegex(@"^([a-z-]+):", RegexOptions.Multiline, 20_000)]
    private static partial Regex MakeTarget();

    [GeneratedRegex(@"(?:`|^)make ([a-z-]+)", RegexOptions.Multiline, 20_000)]
    private static partial Regex MakeUse();
}
