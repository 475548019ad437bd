namespace Octavo.LocalCluster.Tests.ApiServer.Transcripts;

/// <summary>What numbered placeholders stand for: the same number the same value, another number another value.</summary>
internal sealed class PlaceholderBindings
{
    private readonly Dictionary<(string Kind, string Number), string> _values;
    private readonly Dictionary<(string Kind, string Value), string> _numbers;

    public PlaceholderBindings()
        : this([], [])
    {
    }

    private PlaceholderBindings(Dictionary<(string, string), string> values, Dictionary<(string, string), string> numbers)
    {
        (_values, _numbers) = (values, numbers);
    }

    public PlaceholderBindings Copy() => new(new(_values), new(_numbers));

    /// <returns>False when the placeholder is bound to another value, or the value to another placeholder.</returns>
    public bool TryBind(string kind, string number, string value)
    {
        if (number.Length == 0)
        {
            return true;
        }

        if (!_values.TryGetValue((kind, number), out var bound))
        {
            _values[(kind, number)] = bound = value;
        }

        if (!_numbers.TryGetValue((kind, value), out var owner))
        {
            _numbers[(kind, value)] = owner = number;
        }

        return bound == value && owner == number;
    }
}
