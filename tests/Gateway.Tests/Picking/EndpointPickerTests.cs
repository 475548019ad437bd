using Octavo.Gateway.Picking;
using Octavo.Gateway.Routing;

namespace Octavo.Gateway.Tests.Picking;

public sealed class EndpointPickerTests
{
    private static readonly BackendEndpoint A = new("10.0.0.1", 8000);
    private static readonly BackendEndpoint B = new("10.0.0.2", 8000);
    private static readonly BackendEndpoint C = new("10.0.0.3", 8000);
    private static readonly IReadOnlySet<BackendEndpoint> None = new HashSet<BackendEndpoint>();

    [Fact]
    public void Pick_OneHasFewest_IsTaken() =>
        EndpointPicker.Pick([new(A, 2, false), new(B, 1, false), new(C, 5, false)], None, 7).Should().Be(new PickDecision(B, PickReason.LeastLoaded));

    [Fact]
    public void Pick_Tie_GoesRound() =>
        Enumerable.Range(0, 4).Select(i => EndpointPicker.Pick([new(B, 1, false), new(A, 1, false), new(C, 2, false)], None, (uint)i)!.Value)
            .Should().Equal(new(A, PickReason.Tie), new(B, PickReason.Tie), new(A, PickReason.Tie), new(B, PickReason.Tie));

    [Fact]
    public void Pick_Ejected_IsLeftOutThoughIdle() =>
        EndpointPicker.Pick([new(A, 0, true), new(B, 9, false)], None, 0)!.Value.Endpoint.Should().Be(B);

    [Fact]
    public void Pick_AllEjected_TakesTheLeastLoaded() =>
        EndpointPicker.Pick([new(A, 3, true), new(B, 2, true)], None, 0).Should().Be(new PickDecision(B, PickReason.AllEjected));

    [Fact]
    public void Pick_Tried_IsLeftOut() =>
        EndpointPicker.Pick([new(A, 0, false), new(B, 9, false)], new HashSet<BackendEndpoint> { A }, 0)!.Value.Endpoint.Should().Be(B);

    [Fact]
    public void Pick_AllTriedOrNone_IsNull()
    {
        EndpointPicker.Pick([new(A, 0, false)], new HashSet<BackendEndpoint> { A }, 0).Should().BeNull();
        EndpointPicker.Pick([], None, 0).Should().BeNull();
    }

    [Fact]
    public void Pick_OnlyOne_SaysSo() => EndpointPicker.Pick([new(A, 4, false)], None, 3).Should().Be(new PickDecision(A, PickReason.Only));
}
