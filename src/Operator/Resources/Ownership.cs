namespace Octavo.Operator.Resources;

/// <summary>How an object that has the name of a child stands to the InferenceService.</summary>
internal enum Ownership
{
    /// <summary>The service is its controller.</summary>
    Own,

    /// <summary>It carries the service's labels and has no controller: what <c>kubectl delete --cascade=orphan</c> leaves. It is taken over.</summary>
    Orphan,

    /// <summary>It belongs to an earlier InferenceService of this name, or is being deleted: the garbage collector is about to remove it.</summary>
    Leaving,

    /// <summary>Somebody else's. It is left alone.</summary>
    Foreign,
}
