using System.Globalization;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Dialects;

/// <summary>A command line that is written flag by flag; a flag whose value is null is left out.</summary>
internal sealed class CommandLine
{
    private readonly List<string> arguments = [];

    public CommandLine Add(string flag, params IReadOnlyList<string> values)
    {
        arguments.Add(flag);
        arguments.AddRange(values);
        return this;
    }

    public CommandLine Add(string flag, string? value) => value is null ? this : Add(flag, [value]);

    public CommandLine Add(string flag, int? value) => Add(flag, value?.ToString(CultureInfo.InvariantCulture));

    /// <summary>A flag without a value: one for on, and one for off where there is one.</summary>
    public CommandLine AddSwitch(bool? value, string on, string? off = null)
    {
        if ((value == true ? on : value == false ? off : null) is { } flag)
        {
            arguments.Add(flag);
        }

        return this;
    }

    public CommandLine AddRange(IEnumerable<string>? values)
    {
        arguments.AddRange(values ?? []);
        return this;
    }

    public IReadOnlyList<string> Build() => arguments;

    /// <summary>A percentage as a share of one, as in 0.9.</summary>
    public static string? Share(int? percent) => percent is { } number ? (number / 100m).ToString(CultureInfo.InvariantCulture) : null;

    /// <summary>The amount in whole bytes; null where there is none, or the text is no amount.</summary>
    public static string? Bytes(WrittenQuantity? quantity) =>
        quantity is { } written && written.TryGetAmount(out var amount) ? decimal.Truncate(amount.ToDecimal()).ToString(CultureInfo.InvariantCulture) : null;
}
