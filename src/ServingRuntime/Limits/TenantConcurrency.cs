namespace Octavo.ServingRuntime.Limits;

/// <summary>Counts each tenant's requests in progress, up to a limit. Tenants without any take no room.</summary>
internal sealed class TenantConcurrency(int limit)
{
    private readonly Dictionary<string, int> inProgress = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    /// <returns>False where the tenant has as many as it may; nothing is counted then.</returns>
    public bool TryEnter(string tenant)
    {
        lock (gate)
        {
            var now = inProgress.GetValueOrDefault(tenant);
            if (now >= limit)
            {
                return false;
            }

            inProgress[tenant] = now + 1;
            return true;
        }
    }

    public void Leave(string tenant)
    {
        lock (gate)
        {
            if (--inProgress[tenant] == 0)
            {
                inProgress.Remove(tenant);
            }
        }
    }
}
