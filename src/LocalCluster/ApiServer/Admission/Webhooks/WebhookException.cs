namespace Octavo.LocalCluster.ApiServer.Admission.Webhooks;

/// <summary>A webhook could not be called or did not answer as it must; what that means is its failure policy's matter.</summary>
internal sealed class WebhookException(string message) : Exception(message);
