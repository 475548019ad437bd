using System.Xml.Linq;

namespace Octavo.Architecture.Tests;

/// <summary>The arrows of ARCHITECTURE.md, read from the project files.</summary>
public sealed class ProjectReferenceTests
{
    /// <summary>Project → all projects that it may reference.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["ServingContract"] = [],
        ["KubernetesClient"] = [],
        ["Metrics.Prometheus"] = [],
        ["ControllerRuntime"] = ["KubernetesClient"],
        ["ServingRuntime.Kernels"] = [],
        ["ServingRuntime.Engine"] = ["ServingContract", "ServingRuntime.Kernels"],
        ["ServingRuntime"] = ["ServingContract", "ServingRuntime.Engine", "Metrics.Prometheus"],
        ["Operator"] = ["ServingContract", "ControllerRuntime", "Metrics.Prometheus"],
        ["Gateway"] = ["ServingContract", "ControllerRuntime", "Metrics.Prometheus"],
        ["LocalCluster"] = ["ControllerRuntime"],
        ["Cli"] = ["ServingContract", "KubernetesClient"],
    };

    [Fact]
    public void ProjectReferences_PointDownOnly()
    {
        foreach (var project in SourceTree.Files("src", "*.csproj"))
        {
            var name = Path.GetFileNameWithoutExtension(project);
            var references = XDocument.Load(project).Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value));

            Allowed.Should().ContainKey(name, "every project has its arrows written down");
            references.Should().BeSubsetOf(Allowed[name], $"{name} may reference only these");
        }
    }

    [Fact]
    public void Engine_DoesNotKnowAspNetCore()
    {
        foreach (var name in (string[])["ServingRuntime.Engine", "ServingRuntime.Kernels", "KubernetesClient", "ServingContract"])
        {
            var project = XDocument.Load(SourceTree.Files("src", $"{name}.csproj").Single());

            project.Descendants("FrameworkReference").Should().BeEmpty($"{name} is a plain library");
            project.Root!.Attribute("Sdk")!.Value.Should().Be("Microsoft.NET.Sdk");
        }
    }
}
