using Octavo.Cli.Demo;

namespace Octavo.Cli.Tests.Demo;

public sealed class DemoLockTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("octavo-lock").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Take_AnotherHoldsIt_ThrowsNamingTheFile()
    {
        using var first = DemoLock.Take(folder);

        var second = () => DemoLock.Take(folder);

        second.Should().Throw<DemoException>().WithMessage("*demo.lock*");
    }

    [Fact]
    public void Take_AfterRelease_Succeeds()
    {
        DemoLock.Take(folder).Dispose();

        using var again = DemoLock.Take(folder);

        again.CanWrite.Should().BeTrue();
    }
}
