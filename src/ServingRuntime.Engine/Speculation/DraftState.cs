namespace Octavo.ServingRuntime.Engine.Speculation;

/// <summary>What speculation keeps about a request.</summary>
internal sealed class DraftState(int mostTokens)
{
    private int length = SpeculativeOptions.MostSpeculativeTokens;

    /// <summary>Drafts that the next step can use.</summary>
    public int Wanted { get; private set; }

    /// <summary>Where the n-gram method has seen what.</summary>
    public NgramIndex? Ngrams { get; set; }

    /// <param name="room">Tokens that the request may still get beyond the next one.</param>
    public void Want(int room) => Wanted = Math.Min(Math.Min(length, mostTokens), room);

    /// <summary>All held: twice as many; else one more than held.</summary>
    public void Note(int drafted, int accepted) => length = Math.Min(accepted == drafted ? Math.Max(length, 2 * drafted) : accepted + 1, SpeculativeOptions.MostSpeculativeTokens);
}
