namespace Octavo.LocalCluster.ApiServer.Cel;

/// <param name="Kind">identifier, number forms by their value, "operator" or "end".</param>
/// <param name="Text">The identifier or operator as written.</param>
/// <param name="Value">The value of a literal.</param>
internal readonly record struct CelToken(CelTokenKind Kind, string Text, object? Value, int Position);

internal enum CelTokenKind
{
    Identifier,
    Literal,
    Operator,
    End,
}
