namespace Octavo.ServingRuntime.Engine.KVCache;

/// <summary>Something besides tokens that decides what a block holds or who may find it. The kind is hashed with the value, so that a salt never equals an adapter's name.</summary>
public readonly record struct ExtraKey(ExtraKeyKind Kind, string Value)
{
    private static readonly ExtraKey[] None = [];

    /// <summary>A request's keys in the order of their kinds, which is the order in which they are hashed. Null leaves one out; an empty text does not.</summary>
    public static ExtraKey[] List(string? cacheSalt, string? adapter = null) => (cacheSalt, adapter) switch
    {
        (null, null) => None,
        ({ } salt, null) => [new ExtraKey(ExtraKeyKind.CacheSalt, salt)],
        (null, { } name) => [new ExtraKey(ExtraKeyKind.Adapter, name)],
        ({ } salt, { } name) => [new ExtraKey(ExtraKeyKind.CacheSalt, salt), new ExtraKey(ExtraKeyKind.Adapter, name)],
    };
}

/// <summary>Values are part of the hash: never renumber.</summary>
public enum ExtraKeyKind : byte
{
    /// <summary>Keeps tenants apart.</summary>
    CacheSalt = 1,

    /// <summary>Weights that the keys and values were computed with, beside the model's own.</summary>
    Adapter = 2,
}
