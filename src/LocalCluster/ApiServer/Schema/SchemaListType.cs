namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>How the items of a list are told apart when two writers meet (x-kubernetes-list-type).</summary>
internal enum SchemaListType
{
    /// <summary>The whole list is one value.</summary>
    Atomic,

    /// <summary>Items are scalars and each is its own key.</summary>
    Set,

    /// <summary>Items are objects, told apart by <see cref="ResourceSchema.ListMapKeys"/>.</summary>
    Map,
}
