using Microsoft.Extensions.Logging;

namespace Octavo.KubernetesClient.Http;

internal static partial class RequestLog
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Debug, Message = "{Method} {Path}: {StatusCode}, trying again after {Seconds} s as the server asks")]
    public static partial void Waiting(ILogger logger, HttpMethod method, string path, int statusCode, double seconds);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "the API server warns about {Method} {Path}: {Warning}")]
    public static partial void Warning(ILogger logger, HttpMethod method, string path, string warning);
}
