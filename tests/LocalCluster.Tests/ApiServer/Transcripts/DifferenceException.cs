namespace Octavo.LocalCluster.Tests.ApiServer.Transcripts;

/// <summary>The first difference between an answer and its recording.</summary>
internal sealed class DifferenceException(string message) : Exception(message);
