namespace Octavo.LocalCluster.ApiServer.Cel;

/// <summary>A value that may be missing: what optionalOldSelf gives, and operand.?field.</summary>
internal sealed record CelOptional(bool HasValue, object? Value)
{
    public static CelOptional None { get; } = new(false, null);

    public static CelOptional Of(object? value) => new(true, value);
}
