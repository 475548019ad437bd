namespace Octavo.LocalCluster.ApiServer.Storage;

internal enum StoreEventType
{
    Added,
    Modified,
    Deleted,
}
