using Octavo.ServingRuntime.Configuration;

namespace Octavo.ServingRuntime.Tests.Configuration;

public sealed class BindAddressTests
{
    [Theory]
    [InlineData("0.0.0.0", null, "0.0.0.0")]
    [InlineData("0.0.0.0", "", "0.0.0.0")]
    [InlineData("0.0.0.0", "127.1.0.3", "127.1.0.3")]
    [InlineData("::", "127.1.0.3", "127.1.0.3")]
    [InlineData("127.0.0.1", null, "127.0.0.1")]
    [InlineData("127.0.0.1", "127.1.0.3", "127.1.0.3")]
    [InlineData("::1", "127.1.0.3", "127.1.0.3")]
    [InlineData("localhost", "127.1.0.3", "127.1.0.3")]
    [InlineData("127.9.9.9", "127.1.0.3", "127.9.9.9")]
    [InlineData("10.0.0.1", "127.1.0.3", "10.0.0.1")]
    public void Of_AllInterfacesAndLoopback_AreNarrowedWhereTheSurroundingsSaySo(string host, string? narrowed, string expected) => BindAddress.Of(host, narrowed).Should().Be(expected);
}
