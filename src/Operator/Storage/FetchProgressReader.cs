using Octavo.ServingContract;

namespace Octavo.Operator.Storage;

/// <summary>Asks a container that fetches how far it has come.</summary>
internal sealed class FetchProgressReader(HttpClient http, TimeProvider time, TimeSpan timeout)
{
    /// <summary>More is no progress.</summary>
    public const int MaxBytes = 4096;

    /// <summary>Null where it does not say so in time: it may just have begun or ended, or be of an image that tells none.</summary>
    public async Task<FetchProgress?> ReadAsync(string podIP, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            using var response = await http.GetAsync(UriOf(podIP), HttpCompletionOption.ResponseHeadersRead, linked.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                return null;
            }

            var stream = await response.Content.ReadAsStreamAsync(linked.Token).ConfigureAwait(false);
            await using var reading = stream.ConfigureAwait(false);
            var buffer = new byte[MaxBytes];
            var count = await stream.ReadAtLeastAsync(buffer, MaxBytes, throwOnEndOfStream: false, linked.Token).ConfigureAwait(false);
            return FetchProgress.Parse(buffer.AsSpan(0, count));
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // Asked again at the next look.
            return null;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // As above: whether a fetch runs, its pod's status says.
            return null;
        }
    }

    /// <summary>IPv6 addresses get their brackets.</summary>
    public static Uri UriOf(string podIP) => new UriBuilder(Uri.UriSchemeHttp, podIP, ServingPorts.FetchProgress, ServingPaths.FetchProgress).Uri;
}
