using Octavo.ServingContract;

namespace Octavo.Operator.Storage;

/// <summary>When the progress of a fetch is worth a write of the status. Pure.</summary>
internal static class FetchNews
{
    public static readonly TimeSpan Soonest = TimeSpan.FromSeconds(15);

    /// <summary>Small changes are told after this long.</summary>
    public static readonly TimeSpan Latest = TimeSpan.FromMinutes(1);

    /// <summary>
    /// A new phase at once. Else not within <see cref="Soonest"/>, and then once the bytes have moved by a hundredth of the whole, or the flow has stopped or
    /// begun again; any other change after <see cref="Latest"/>, so that figures are at most so old. A fetch that moves by nothing writes nothing.
    /// </summary>
    public static bool IsWorthTelling(FetchProgress before, FetchProgress now, TimeSpan since)
    {
        if (before.Phase != now.Phase || before.TotalBytes != now.TotalBytes)
        {
            return true;
        }

        var moved = Math.Abs(now.Bytes - before.Bytes);
        var isLarge = now.TotalBytes is { } total ? moved > 0 && moved >= total / 100 : moved > 0;
        return since >= Soonest && (isLarge || before.BytesPerSecond > 0 != now.BytesPerSecond > 0 || (since >= Latest && before != now));
    }
}
