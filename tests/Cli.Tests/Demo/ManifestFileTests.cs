using Octavo.Cli.Demo;
using Octavo.TestSupport;

namespace Octavo.Cli.Tests.Demo;

public sealed class ManifestFileTests : IDisposable
{
    private readonly string file = Path.GetTempFileName();

    public void Dispose() => File.Delete(file);

    [Fact]
    public void Read_TheSample_KeepsTypes()
    {
        var sample = ManifestFile.Read(Path.Combine(Repository.Root, "config", "samples", "tiny.yaml")).Should().ContainSingle().Subject;

        sample["spec"]!["autoscaling"]!["maxReplicas"]!.GetValue<long>().Should().Be(3);
        sample["spec"]!["model"]!["uri"]!.GetValue<string>().Should().Be("file:///models/octavo-tiny");
        sample["spec"]!["resources"]!["requests"]!["cpu"]!.GetValue<string>().Should().Be("250m");
    }

    [Fact]
    public void Read_QuotedScalars_StayStrings()
    {
        File.WriteAllText(file, "a: \"1\"\nb: 'true'\nc: 1\nd: true\ne: ~\nf: 1.5\n---\ng: h\n");

        var documents = ManifestFile.Read(file);

        documents.Should().HaveCount(2);
        documents[0].ToJsonString().Should().Be("""{"a":"1","b":"true","c":1,"d":true,"e":null,"f":1.5}""");
    }

    [Fact]
    public void Read_MalformedYaml_NamesTheFile()
    {
        File.WriteAllText(file, "a: [1, 2\nb: }");

        var read = () => ManifestFile.Read(file);

        read.Should().Throw<DemoException>().WithMessage($"*{Path.GetFileName(file)}*");
    }
}
