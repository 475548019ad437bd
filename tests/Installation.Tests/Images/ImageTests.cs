using System.Formats.Tar;
using System.Text.Json.Nodes;
using Octavo.Installation.Tests.Manifests;
using Octavo.TestSupport;

namespace Octavo.Installation.Tests.Images;

/// <summary>`make images`: what is published, and that publishing works as far as it can without the base image's registry.</summary>
public sealed class ImageTests
{
    [Theory]
    [InlineData("Operator", "octavo/operator")]
    [InlineData("Gateway", "octavo/gateway")]
    [InlineData("ServingRuntime", "octavo/serving-runtime")]
    public async Task Properties_OfEachImage_AreThoseThatManifestsExpect(string project, string repository)
    {
        var printed = await ExternalTool.RunAsync("dotnet",
        [
            "msbuild", Path.Combine(Repository.Root, "src", project), "-p:PublishImages=true", "-getItem:ContainerPort",
            "-getProperty:ContainerRepository,ContainerBaseImage,ContainerImageTag,ContainerUser,ContainerRuntimeIdentifiers,SelfContained,ContainerWorkingDirectory",
        ]);
        var evaluated = JsonNode.Parse(printed)!;
        var properties = evaluated["Properties"]!;

        properties["ContainerRepository"]!.GetValue<string>().Should().Be(repository);
        properties["ContainerBaseImage"]!.GetValue<string>().Should().Be("mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled");
        properties["ContainerImageTag"]!.GetValue<string>().Should().Be("0.1.0");
        properties["ContainerUser"]!.GetValue<string>().Should().Be("65532:65532");
        properties["ContainerRuntimeIdentifiers"]!.GetValue<string>().Should().Be("linux-x64;linux-arm64");
        properties["SelfContained"]!.GetValue<string>().Should().Be("false");
        evaluated["Items"]!["ContainerPort"]!.AsArray().Should().ContainSingle();
    }

    /// <summary>`make gpu-image`: two libraries and the compiler's own one, of those that lie in the folder, under the names that they are looked for by.</summary>
    [Fact]
    public async Task Properties_WithLibrariesOfCuda_AreThoseOfAnImageForGpus()
    {
        var folder = Directory.CreateTempSubdirectory("octavo-cuda-").FullName;
        try
        {
            foreach (var file in (string[])["libnvrtc.so.12", "libnvrtc.alt.so.12", "libnvrtc-builtins.so.12.4", "libnvrtc-builtins.so.12.4.127", "libcublasLt.so.12", "libcublas.so.12"])
            {
                await File.WriteAllTextAsync(Path.Combine(folder, file), "");
            }

            var printed = await ExternalTool.RunAsync("dotnet",
            [
                "msbuild", Path.Combine(Repository.Root, "src", "ServingRuntime"), "-p:PublishImages=true", $"-p:CudaLibraries={folder}", "-getItem:Content,ContainerEnvironmentVariable",
                "-getProperty:ContainerRepository,ContainerImageTag,ContainerRuntimeIdentifiers,ContainerUser",
            ]);
            var evaluated = JsonNode.Parse(printed)!;
            var properties = evaluated["Properties"]!;
            properties["ContainerRepository"]!.GetValue<string>().Should().Be("octavo/serving-runtime");
            properties["ContainerImageTag"]!.GetValue<string>().Should().Be("0.1.0-cuda");
            properties["ContainerRuntimeIdentifiers"]!.GetValue<string>().Should().Be("linux-x64");
            properties["ContainerUser"]!.GetValue<string>().Should().Be("65532:65532");
            evaluated["Items"]!["Content"]!.AsArray().Select(c => c!["Link"]?.GetValue<string>()).Where(link => link?.StartsWith("cuda/", StringComparison.Ordinal) == true)
                .Should().BeEquivalentTo("cuda/libnvrtc.so.12", "cuda/libnvrtc-builtins.so.12.4", "cuda/libcublasLt.so.12");
            evaluated["Items"]!["ContainerEnvironmentVariable"]!.AsArray().Select(v => $"{v!["Identity"]}={v["Value"]}")
                .Should().BeEquivalentTo("DOTNET_EnableDiagnostics=0", "OCTAVO_CUDA_LIBRARIES=/app/cuda", "OCTAVO_DEVICE=cuda", "NVIDIA_DRIVER_CAPABILITIES=compute,utility");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The runtime's own image differs by its files alone, so one executable stands for three.</summary>
    [SkippableFact]
    public async Task Publish_ToAnArchive_IsAnImageForTwoArchitectures()
    {
        await using var registry = await LocalRegistry.StartAsync();
        var folder = Directory.CreateTempSubdirectory("octavo-image-").FullName;
        try
        {
            var archive = Path.Combine(folder, "gateway.tar");
            await ExternalTool.RunAsync(
                "dotnet",
                [
                    "publish", Path.Combine(Repository.Root, "src", "Gateway"), "-c", "Release", "-t:PublishContainer", "-p:PublishImages=true", $"-p:ContainerBaseImage={registry.BaseImage}",
                    $"-p:ContainerArchiveOutputPath={archive}", "--artifacts-path", Path.Combine(folder, "build"), "-v:q", "--nologo",
                ],
                new Dictionary<string, string> { ["DOTNET_CONTAINER_INSECURE_REGISTRIES"] = registry.Address, ["MSBUILDDISABLENODEREUSE"] = "1" });
            var content = Path.Combine(folder, "content");
            Directory.CreateDirectory(content);
            // A layer that both share is in it twice.
            await TarFile.ExtractToDirectoryAsync(archive, content, overwriteFiles: true);

            var named = (await JsonAsync(Path.Combine(content, "index.json")))["manifests"]![0]!;
            var manifests = (await BlobAsync(content, named))["manifests"]!.AsArray();
            named["annotations"]!["io.containerd.image.name"]!.GetValue<string>().Should().EndWith("octavo/gateway:0.1.0");
            manifests.Select(m => m!["platform"]!["architecture"]!.GetValue<string>()).Should().BeEquivalentTo("amd64", "arm64");
            foreach (var manifest in manifests)
            {
                var configuration = (await BlobAsync(content, (await BlobAsync(content, manifest!))["config"]!))["config"]!;
                configuration["User"]!.GetValue<string>().Should().Be("65532:65532");
                configuration["Entrypoint"]!.ToJsonString().Should().Be("""["dotnet","/app/octavo-gateway.dll"]""");
                configuration["Env"]!.AsArray().Select(e => e!.GetValue<string>()).Should().Contain("DOTNET_EnableDiagnostics=0");
                configuration["ExposedPorts"]!["8080/tcp"].Should().NotBeNull();
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Task<JsonNode> BlobAsync(string content, JsonNode descriptor) =>
        JsonAsync(Path.Combine(content, "blobs", "sha256", descriptor["digest"]!.GetValue<string>()["sha256:".Length..]));

    private static async Task<JsonNode> JsonAsync(string file) => JsonNode.Parse(await File.ReadAllTextAsync(file))!;
}
