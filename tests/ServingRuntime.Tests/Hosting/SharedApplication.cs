namespace Octavo.ServingRuntime.Tests.Hosting;

/// <summary>One server for the tests of a class that do not change it.</summary>
public sealed class SharedApplication : IAsyncLifetime
{
    internal TestApplication Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await TestApplication.StartAsync("ok");

    public async Task DisposeAsync() => await Server.DisposeAsync();
}
