using Octavo.LocalCluster.Node.Launch;

namespace Octavo.LocalCluster.Tests.Node.Launch;

public sealed class ImageMappingTests
{
    [Fact]
    public void Parse_ExecutableArgumentsAndPaths_ReadsAll()
    {
        var mapping = ImageMapping.Parse("octavo/serving-runtime:dev=/abs/octavo-serve --quiet,/models=/abs/models");
        (mapping.Image, mapping.Executable).Should().Be(("octavo/serving-runtime", "/abs/octavo-serve"));
        mapping.LeadingArguments.Should().Equal("--quiet");
        mapping.Paths.Should().Equal(new Dictionary<string, string> { ["/models"] = "/abs/models" });
    }

    [Theory]
    [InlineData("octavo")]
    [InlineData("octavo=")]
    [InlineData("octavo=relative")]
    [InlineData("octavo=/abs,models=/abs")]
    [InlineData("octavo=/abs,/models=relative")]
    public void Parse_Malformed_SaysWhatIsWrong(string text) => FluentActions.Invoking(() => ImageMapping.Parse(text)).Should().Throw<FormatException>().WithMessage("*image mapping*");

    [Theory]
    [InlineData("a/b:1", "a/b")]
    [InlineData("registry:5000/a/b", "registry:5000/a/b")]
    [InlineData("registry:5000/a/b:v1@sha256:abc", "registry:5000/a/b")]
    public void WithoutTag_Image_KeepsTheRegistrysPort(string image, string expected) => ImageMapping.WithoutTag(image).Should().Be(expected);

    [Theory]
    [InlineData("sh:latest", true)]
    [InlineData("docker.io/library/sh:1", true)]
    [InlineData("bash", false)]
    public void Find_AnyTagOfAMappedName_IsFound(string image, bool found)
    {
        var store = new ImageStore([ImageMapping.Parse("sh=/bin/sh")]);
        (store.Find(image) is not null).Should().Be(found);
        store.WhyMissing("bash:5").Should().Contain("--image bash=").And.Contain("mapped: sh");
    }
}
