using Octavo.Operator.Storage;

namespace Octavo.Operator.Tests.Storage;

public sealed class ClaimDiagnosisTests
{
    private const string Unbound = "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.";
    private const string Full = "0/3 nodes are available: 3 Insufficient cpu.";

    [Theory]
    // phase | access mode | event | the scheduler's sentence | reason | part of the message
    [InlineData(null, "", null, null, "ClaimMissing", "models does not exist")]
    [InlineData("Lost", "ReadWriteMany", null, Unbound, "ClaimLost", "make it anew")]
    [InlineData("Pending", "ReadWriteMany", "no class", null, "ClaimPending", "is Pending: no class")]
    [InlineData("Pending", "ReadWriteMany", null, Unbound, "ClaimPending", "unbound immediate")]
    // It waits for its first consumer, and the consumer for something else.
    [InlineData("Pending", "ReadWriteMany", null, Full, null, null)]
    [InlineData("Pending", "ReadWriteMany", null, null, null, null)]
    [InlineData("Bound", "ReadWriteMany", null, Full, null, null)]
    [InlineData("Bound", "ReadWriteOnce", null, null, null, null)]
    [InlineData("Bound", "ReadWriteOnce", null, Full, "Unschedulable", "Insufficient cpu. PersistentVolumeClaim models is ReadWriteOnce: all pods that mount it have to fit")]
    [InlineData("Bound", "ReadWriteOncePod", null, Full, "Unschedulable", "one pod at a time")]
    public void Of_Claim_IsBlamedOnlyForWhatItDoes(string? phase, string mode, string? said, string? scheduler, string? reason, string? message)
    {
        var finding = ClaimDiagnosis.Of(new ClaimState { Name = "models", Phase = phase, Event = said, AccessModes = mode.Length == 0 ? [] : [mode] }, scheduler);

        (finding?.Reason).Should().Be(reason);
        if (message is not null)
        {
            finding!.Message.Should().Contain(message);
        }

        (finding?.NeedsPerson ?? false).Should().Be(reason == "ClaimLost");
    }
}
