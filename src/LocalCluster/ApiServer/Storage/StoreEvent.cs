namespace Octavo.LocalCluster.ApiServer.Storage;

/// <summary>One committed change. <see cref="Object"/> is the state after it; for a deletion the last state, with the deletion's revision.</summary>
internal sealed record StoreEvent(long Revision, StoreEventType Type, StoredObject Object, StoredObject? Previous);
