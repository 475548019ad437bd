using System.Text.RegularExpressions;

namespace Octavo.Architecture.Tests;

/// <summary>Rules of CONTRIBUTING.md that no analyzer checks.</summary>
public sealed partial class HouseRulesTests
{
    private static readonly string[] BannedFolders = ["Utils", "Helpers", "Common", "Interfaces"];

    [Fact]
    public void SourceFiles_Length_StaysUnder400Lines()
    {
        var tooLong = Sources().Select(f => (File: SourceTree.Relative(f), Lines: File.ReadLines(f).Count())).Where(f => f.Lines > 400);

        tooLong.Should().BeEmpty();
    }

    [Fact]
    public void Folders_Names_AreConcepts()
    {
        var bad = Sources().Select(SourceTree.Relative).Where(f => f.Split(Path.DirectorySeparatorChar).Any(BannedFolders.Contains));

        bad.Should().BeEmpty();
    }

    [Fact]
    public void Namespaces_FollowFolders()
    {
        var wrong = new List<string>();
        foreach (var file in SourceTree.Files("src", "*.cs").Concat(SourceTree.Files("bench", "*.cs")))
        {
            var declared = NamespaceLine().Match(File.ReadAllText(file));
            if (!declared.Success)
            {
                continue;
            }

            var parts = SourceTree.Relative(file).Split(Path.DirectorySeparatorChar);
            var expected = "Octavo." + string.Join('.', parts[1..^1]);
            if (declared.Groups[1].Value != expected)
            {
                wrong.Add($"{SourceTree.Relative(file)}: {declared.Groups[1].Value}, expected {expected}");
            }
        }

        wrong.Should().BeEmpty();
    }

    [Fact]
    public void Sources_ContainNoPlaceholders()
    {
        var found = SourceTree.Files("src", "*.cs")
            .SelectMany(f => File.ReadLines(f).Select((text, index) => (Where: $"{SourceTree.Relative(f)}:{index + 1}", Text: text)))
            .Where(line => Placeholder().IsMatch(line.Text))
            .Select(line => $"{line.Where}: {line.Text.Trim()}");

        found.Should().BeEmpty();
    }

    private static IEnumerable<string> Sources() => ((string[])["src", "bench", "tests"]).SelectMany(folder => SourceTree.Files(folder, "*.cs"));

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline, 20_000)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"NotImplementedException|//\s*(TODO|HACK|FIXME|XXX)\b", RegexOptions.None, 20_000)]
    private static partial Regex Placeholder();
}
