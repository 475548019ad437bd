using System.Net;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Security;

namespace Octavo.ServingRuntime.Configuration;

/// <summary>Checks the options of server and engine together, so that a user sees every fault at once.</summary>
internal static class ServingOptionsValidator
{
    private static readonly Dictionary<string, string> EngineFlags = new(StringComparer.Ordinal)
    {
        [nameof(EngineOptions.ModelPath)] = ServingFlags.Model,
        [nameof(EngineOptions.Device)] = ServingFlags.Device,
        [nameof(EngineOptions.GpuMemoryUtilization)] = ServingFlags.GpuMemoryUtilization,
        [nameof(EngineOptions.DType)] = ServingFlags.DType,
        [nameof(EngineOptions.KVCacheDType)] = ServingFlags.KVCacheDType,
        [nameof(EngineOptions.Quantization)] = ServingFlags.Quantization,
        [nameof(EngineOptions.BlockSize)] = ServingFlags.BlockSize,
        [nameof(EngineOptions.MaxModelLen)] = ServingFlags.MaxModelLen,
        [nameof(EngineOptions.MaxNumSeqs)] = ServingFlags.MaxNumSeqs,
        [nameof(EngineOptions.MaxNumBatchedTokens)] = ServingFlags.MaxNumBatchedTokens,
        [nameof(EngineOptions.LongPrefillTokenThreshold)] = ServingFlags.LongPrefillTokenThreshold,
        [nameof(EngineOptions.KVCacheMemoryBytes)] = ServingFlags.KVCacheMemoryBytes,
        [nameof(EngineOptions.KVOffloadingBytes)] = ServingFlags.KVOffloadingSize,
        [nameof(EngineOptions.NumBlocksOverride)] = ServingFlags.NumBlocksOverride,
        [nameof(EngineOptions.CpuThreads)] = ServingFlags.CpuThreads,
        [nameof(EngineOptions.CpuInstructions)] = ServingFlags.CpuInstructions,
    };

    /// <returns>Every fault, each naming its flag; empty when all is well.</returns>
    public static IReadOnlyList<string> Validate(ServingOptions options, EngineOptions engine)
    {
        var errors = new List<string>();
        if (options.Port is < 0 or > 65535)
        {
            errors.Add($"{ServingFlags.Port}: {options.Port} is not from 0 to 65535");
        }

        if (!IPAddress.TryParse(options.Host, out _) && options.Host != "localhost")
        {
            errors.Add($"{ServingFlags.Host}: '{options.Host}' is no IP address and not localhost");
        }

        if (options.ShutdownTimeout < TimeSpan.Zero || options.ShutdownTimeout > TimeSpan.FromDays(1))
        {
            errors.Add($"{ServingFlags.ShutdownTimeout}: {options.ShutdownTimeout.TotalSeconds} is not from 0 to 86400");
        }

        if (options.MaxQueuedRequests < 0)
        {
            errors.Add($"{ServingFlags.MaxNumQueuedRequests}: {options.MaxQueuedRequests} is below 0");
        }

        if (options.MaxQueuedTokens < 1)
        {
            errors.Add($"{ServingFlags.MaxNumQueuedTokens}: {options.MaxQueuedTokens} is below 1");
        }

        if (options.ServedModelNames.Any(string.IsNullOrWhiteSpace))
        {
            errors.Add($"{ServingFlags.ServedModelName}: a name is empty");
        }

        if (options.ApiKeys.Any(string.IsNullOrWhiteSpace))
        {
            errors.Add($"{ServingFlags.ApiKey}: a key is empty");
        }

        CheckChoice(errors, ServingFlags.ToolCallParser, options.ToolCallParser, "auto", "hermes", "llama3_json", "mistral", "none");
        CheckChoice(errors, ServingFlags.ReasoningParser, options.ReasoningParser, "auto", "deepseek_r1", "qwen3", "none");
        if (options.MaxLogprobs < -1)
        {
            errors.Add($"{ServingFlags.MaxLogprobs}: {options.MaxLogprobs} is below -1");
        }

        if (options.SkipTokenizerInit && (options.ChatTemplate is not null || options.ToolCallParser is not ("auto" or "none") || options.ReasoningParser is not ("auto" or "none")))
        {
            errors.Add($"{ServingFlags.SkipTokenizerInit}: excludes {ServingFlags.ChatTemplate}, {ServingFlags.ToolCallParser} and {ServingFlags.ReasoningParser}, which need a tokenizer");
        }

        if (options.ChatTemplate is { } template && !File.Exists(template))
        {
            errors.Add($"{ServingFlags.ChatTemplate}: there is no file {template}");
        }

        CheckKeyFile(errors, ServingFlags.ApiKeyFile, options.ApiKeyFile);
        CheckAdmin(errors, options);
        if (options.ProbePort is { } probe && (probe is < 0 or > 65535 || (probe != 0 && (probe == options.Port || probe == options.AdminPort))))
        {
            errors.Add($"{ServingFlags.ProbePort}: {probe} is not from 0 to 65535, or is the API's or the admin listener's");
        }

        if (options.OtlpTracesEndpoint is { } traces && !(Uri.TryCreate(traces, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
        {
            errors.Add($"{ServingFlags.OtlpTracesEndpoint}: '{traces}' is no http or https address");
        }

        if (options.LogFormat is not ("text" or "json"))
        {
            errors.Add($"{ServingFlags.LogFormat}: '{options.LogFormat}' is none of text, json");
        }

        if (options.MaxConcurrentRequestsPerKey < 1)
        {
            errors.Add($"{ServingFlags.MaxConcurrentRequestsPerKey}: {options.MaxConcurrentRequestsPerKey} is below 1");
        }

        if (options.RequestTimeout is { } timeout && (timeout <= TimeSpan.Zero || timeout > TimeSpan.FromDays(30)))
        {
            errors.Add($"{ServingFlags.RequestTimeout}: {timeout.TotalSeconds} is neither 0 (no limit) nor from 0 to 2592000");
        }

        if (options.Pooling is not ("auto" or "mean" or "last"))
        {
            errors.Add($"{ServingFlags.Pooling}: '{options.Pooling}' is none of auto, mean, last");
        }

        if (options.StallTimeout < TimeSpan.FromSeconds(1) || options.StallTimeout > TimeSpan.FromDays(1))
        {
            errors.Add($"{ServingFlags.StallTimeout}: {options.StallTimeout.TotalSeconds} is not from 1 to 86400");
        }

        foreach (var error in EngineOptionsValidator.Validate(engine))
        {
            var colon = error.IndexOf(':', StringComparison.Ordinal);
            errors.Add(colon > 0 && EngineFlags.TryGetValue(error[..colon], out var flag) ? flag + error[colon..] : error);
        }

        return errors;
    }

    private static void CheckChoice(List<string> errors, string flag, string value, params ReadOnlySpan<string> choices)
    {
        if (!choices.Contains(value))
        {
            errors.Add($"{flag}: '{value}' is none of {string.Join(", ", choices.ToArray())}");
        }
    }

    private static void CheckAdmin(List<string> errors, ServingOptions options)
    {
        CheckKeyFile(errors, ServingFlags.AdminApiKeyFile, options.AdminApiKeyFile);
        if (options.AdminPort is not { } port)
        {
            return;
        }

        if (port is < 0 or > 65535 || (port != 0 && port == options.Port))
        {
            errors.Add($"{ServingFlags.AdminPort}: {port} is not from 0 to 65535, or is the API's");
        }

        if (!IPAddress.TryParse(options.AdminHost, out var address))
        {
            errors.Add($"{ServingFlags.AdminHost}: '{options.AdminHost}' is no IP address");
        }
        else if (!IPAddress.IsLoopback(address) && options.AdminApiKeyFile is null)
        {
            errors.Add($"{ServingFlags.AdminApiKeyFile}: needed where {ServingFlags.AdminHost} is not a loopback address");
        }
    }

    private static void CheckKeyFile(List<string> errors, string flag, string? file)
    {
        if (file is null)
        {
            return;
        }

        try
        {
            ApiKeyFile.Parse(ApiKeyFile.Read(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or ArgumentException)
        {
            errors.Add($"{flag}: {e.Message}");
        }
    }
}
