using System.Collections;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Controller;

/// <summary>
/// One finding for each type of condition: the types that <see cref="ConditionTypes.Order"/> names in its order, then the others as they were first reported.
/// The order is that of the conditions in the status, and of what a person is told first.
/// </summary>
internal sealed class Findings : IEnumerable<KeyValuePair<string, Finding>>
{
    private readonly List<KeyValuePair<string, Finding>> entries = [];

    /// <summary>Null: nothing was found, and the condition is left out. Setting replaces what was found before.</summary>
    public Finding? this[string type]
    {
        get => entries.Find(e => e.Key == type).Value;
        set
        {
            var at = entries.FindIndex(e => e.Key == type);
            if (at >= 0)
            {
                entries.RemoveAt(at);
            }
            else
            {
                at = entries.FindIndex(e => Rank(e.Key) > Rank(type));
            }

            if (value is not null)
            {
                entries.Insert(at >= 0 ? at : entries.Count, new(type, value));
            }
        }
    }

    /// <summary>Only a person can help: the first finding that says so; null where none does.</summary>
    public Finding? Blocker => entries.Find(e => e.Value is { Status: false, NeedsPerson: true }).Value;

    public IEnumerator<KeyValuePair<string, Finding>> GetEnumerator() => entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static int Rank(string type) => Array.IndexOf(ConditionTypes.Order, type) is >= 0 and var rank ? rank : int.MaxValue;
}
