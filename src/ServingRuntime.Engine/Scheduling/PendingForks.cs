namespace Octavo.ServingRuntime.Engine.Scheduling;

/// <summary>Forks that wait at their parents for the prompt that they share.</summary>
internal sealed class PendingForks
{
    public int Count { get; private set; }

    /// <returns>False: the two cannot share (<see cref="Request.CanForkFrom"/>).</returns>
    public bool TryAdd(Request fork, Request parent)
    {
        // A fork of a fork waits at the one that computes.
        parent = parent.Parent ?? parent;
        if (!fork.CanForkFrom(parent))
        {
            return false;
        }

        fork.Parent = parent;
        (parent.Forks ??= []).Add(fork);
        Count++;
        return true;
    }

    public void Remove(Request fork)
    {
        fork.Parent!.Forks!.Remove(fork);
        fork.Parent = null;
        Count--;
    }

    /// <summary>Forks waiting at a request.</summary>
    public static int At(Request parent) => parent.Forks?.Count ?? 0;

    /// <summary>The oldest fork of a request, which from now on waits no more.</summary>
    public Request? Take(Request parent)
    {
        if (At(parent) == 0)
        {
            return null;
        }

        var fork = parent.Forks![0];
        Remove(fork);
        return fork;
    }
}
