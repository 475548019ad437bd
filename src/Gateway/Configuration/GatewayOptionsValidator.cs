using System.Net;

namespace Octavo.Gateway.Configuration;

/// <summary>Checks options; all errors at once, each naming the flag where there is one.</summary>
internal static class GatewayOptionsValidator
{
    public static IReadOnlyList<string> Validate(GatewayOptions options)
    {
        var errors = new List<string>();
        Check(options.Host == "localhost" || IPAddress.TryParse(options.Host, out _), $"--host: '{options.Host}' is neither an IP address nor localhost");
        Check(options.Port is >= 0 and <= 65535, $"--port: {options.Port} is not within 0..65535");
        Check(options.Kubeconfig is null || File.Exists(options.Kubeconfig), $"--kubeconfig: {options.Kubeconfig} does not exist");
        foreach (var name in options.Namespaces)
        {
            Check(IsNamespace(name), $"--watch-namespaces: '{name}' is not a namespace's name");
        }

        Check(options.HeldRequestTimeout >= TimeSpan.Zero && options.HeldRequestTimeout <= TimeSpan.FromHours(1), "--held-request-timeout: must be within 0..3600 seconds");
        Check(options.WaitingRoom.MaxRequestsPerModel >= 0, "--max-held-requests: must not be negative");
        Check(options.WaitingRoom.MaxBytesPerModel >= 0, "--max-held-bytes: must not be negative");
        Check(options.ApiKeys.All(k => !string.IsNullOrWhiteSpace(k)), "--api-key: must not be empty");
        Check(options.ShutdownTimeout >= TimeSpan.Zero, "--shutdown-timeout: must not be negative");

        var forwarding = options.Forwarding;
        Check(forwarding.MaxRequestBodyBytes is > 0 and <= 1 << 30, "--max-request-body-bytes: must be within 1..1073741824");
        Check(forwarding.MaxBufferedBytes > forwarding.MaxRequestBodyBytes, "--max-buffered-bytes: must be more than --max-request-body-bytes");
        Check(forwarding.ConnectTimeout > TimeSpan.Zero, "--connect-timeout: must be positive");
        Check(forwarding.ResponseTimeout > TimeSpan.Zero, "--response-timeout: must be positive");
        Check(forwarding.IdleStreamTimeout > TimeSpan.Zero, "--idle-stream-timeout: must be positive");
        Check(forwarding.MaxAttempts is >= 1 and <= 10, "--max-attempts: must be within 1..10");
        return errors;

        void Check(bool holds, string error)
        {
            if (!holds)
            {
                errors.Add(error);
            }
        }
    }

    private static bool IsNamespace(string name) =>
        name.Length is > 0 and <= 63 && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-') && name[0] != '-' && name[^1] != '-';
}
