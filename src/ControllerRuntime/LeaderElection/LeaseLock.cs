using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.LeaderElection;

/// <summary>A lock in a Lease. Writes carry the version that was read last, so of two writers one gets a conflict.</summary>
public sealed class LeaseLock(IKubernetesClient client, string namespaceName, string name)
{
    private V1Lease? last;

    public string Name => name;

    public string Description => $"{namespaceName}/{name}";

    /// <summary>Null where the lease does not exist.</summary>
    public async Task<LeaderElectionRecord?> GetAsync(CancellationToken cancellationToken)
    {
        last = await client.FindAsync<V1Lease>(name, namespaceName, cancellationToken).ConfigureAwait(false);
        return last is null ? null : Read(last.Spec);
    }

    public async Task CreateAsync(LeaderElectionRecord record, CancellationToken cancellationToken) =>
        last = await client.CreateAsync(
            new V1Lease { Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = namespaceName }, Spec = Write(new V1LeaseSpec(), record) },
            null,
            cancellationToken).ConfigureAwait(false);

    /// <summary>Only after <see cref="GetAsync"/> or <see cref="CreateAsync"/>.</summary>
    public async Task UpdateAsync(LeaderElectionRecord record, CancellationToken cancellationToken)
    {
        var current = last ?? throw new InvalidOperationException("the lease was not read yet");
        last = await client.UpdateAsync(current with { Spec = Write(current.Spec ?? new V1LeaseSpec(), record) }, null, cancellationToken).ConfigureAwait(false);
    }

    private static LeaderElectionRecord Read(V1LeaseSpec? spec) =>
        new(spec?.HolderIdentity ?? "", spec?.LeaseDurationSeconds ?? 0, spec?.AcquireTime, spec?.RenewTime, spec?.LeaseTransitions ?? 0);

    private static V1LeaseSpec Write(V1LeaseSpec spec, LeaderElectionRecord record) => spec with
    {
        HolderIdentity = record.HolderIdentity,
        LeaseDurationSeconds = record.LeaseDurationSeconds,
        AcquireTime = record.AcquireTime,
        RenewTime = record.RenewTime,
        LeaseTransitions = record.LeaderTransitions,
    };
}
