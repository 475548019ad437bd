namespace Octavo.LocalCluster.Controllers.GarbageCollection;

/// <summary>What happens to an object given the fate of its owners. Pure.</summary>
internal static class GarbagePlanner
{
    /// <param name="hasDependents">The object is itself an owner: in a foreground deletion its own dependents go first as well.</param>
    public static GarbagePlan Plan(OwnedObject entity, IReadOnlyList<OwnerState> owners, bool hasDependents)
    {
        if (entity.IsDeleting || owners.Count == 0)
        {
            return GarbagePlan.Keep;
        }

        if (owners.Contains(OwnerState.Solid))
        {
            var remaining = entity.Owners.Where((_, i) => owners[i] is OwnerState.Solid or OwnerState.Unknown).ToList();
            return remaining.Count == entity.Owners.Count ? GarbagePlan.Keep : new GarbagePlan(false, null, remaining);
        }

        if (owners.Contains(OwnerState.Unknown))
        {
            return GarbagePlan.Keep;
        }

        return owners.Contains(OwnerState.Waiting) && hasDependents
            ? new GarbagePlan(true, "Foreground", null)
            : new GarbagePlan(true, PolicyOf(entity), null);
    }

    /// <summary>An object that carries a deletion finalizer already is deleted in that way.</summary>
    private static string PolicyOf(OwnedObject entity) =>
        entity.Finalizers.Contains(OwnedObject.OrphanFinalizer, StringComparer.Ordinal) ? "Orphan"
        : entity.Finalizers.Contains(OwnedObject.ForegroundFinalizer, StringComparer.Ordinal) ? "Foreground"
        : "Background";
}
