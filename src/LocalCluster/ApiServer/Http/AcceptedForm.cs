namespace Octavo.LocalCluster.ApiServer.Http;

/// <summary>The form in which an answer goes out.</summary>
internal enum AcceptedForm
{
    Object,
    Table,
    PartialObjectMetadata,
}
