using Xunit.Abstractions;

namespace Octavo.GpuCheck.Testing;

/// <summary>Options of the test framework by name.</summary>
internal sealed class DictionaryOptions(params IReadOnlyList<(string Name, object Value)> values) : ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions
{
    private readonly Dictionary<string, object?> options = values.ToDictionary(pair => pair.Name, pair => (object?)pair.Value, StringComparer.Ordinal);

    public TValue GetValue<TValue>(string name) => options.TryGetValue(name, out var value) && value is TValue typed ? typed : default!;

    public void SetValue<TValue>(string name, TValue value) => options[name] = value;
}
