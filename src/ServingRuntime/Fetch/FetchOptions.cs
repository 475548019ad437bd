using System.Net;
using Octavo.ServingContract;

namespace Octavo.ServingRuntime.Fetch;

/// <summary>What <c>fetch</c> is asked to do.</summary>
internal sealed record FetchOptions
{
    private const long MiB = 1 << 20;

    public required string Uri { get; init; }

    /// <summary>Folder in which the model gets its own folder, shared by whoever fetches into it; null where <see cref="Output"/> is given.</summary>
    public string? CacheDirectory { get; init; }

    /// <summary>The folder that the model becomes; null: a folder of the cache.</summary>
    public string? Output { get; init; }

    /// <summary>SHA-256 of the model's manifest (see <see cref="Checkpoints.ModelManifest"/>), in hex; null: not checked.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Connections at once.</summary>
    public int Connections { get; init; } = 8;

    /// <summary>Bytes that one request asks for at most.</summary>
    public long PartBytes { get; init; } = 64 * MiB;

    /// <summary>A connection that brings fewer than 64 KiB in this time is given up.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Tries in a row that bring nothing.</summary>
    public int Attempts { get; init; } = 8;

    /// <summary>How long the whole run may take, waiting for other fetches included; null: as long as it makes progress.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Nothing is brought: the model has to be in the cache.</summary>
    public bool CheckOnly { get; init; }

    /// <summary>Address of <see cref="ProgressPort"/>.</summary>
    public string ProgressHost { get; init; } = "127.0.0.1";

    /// <summary>Port at which progress is told; null: none, 0: any.</summary>
    public int? ProgressPort { get; init; }

    /// <summary>File that is written when the model is present; null: none.</summary>
    public string? ResultFile { get; init; }

    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Allows plain http (and credentials over it) to hosts other than this one.</summary>
    public bool Insecure { get; init; }

    /// <summary>The Hugging Face Hub or a mirror of it; null: HF_ENDPOINT, else https://huggingface.co.</summary>
    public string? HfEndpoint { get; init; }

    /// <summary>The S3 server; null: AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, else AWS's of the region.</summary>
    public string? S3Endpoint { get; init; }

    /// <summary>auto, path or virtual.</summary>
    public string S3Addressing { get; init; } = "auto";

    /// <summary>The Cloud Storage server; null: STORAGE_EMULATOR_HOST, else https://storage.googleapis.com.</summary>
    public string? GcsEndpoint { get; init; }

    /// <summary>File that holds the bearer token for hf://, gs:// and https://; null: the environment's.</summary>
    public string? TokenFile { get; init; }

    /// <summary>The model may lack a tokenizer.</summary>
    public bool SkipTokenizerInit { get; init; }

    /// <summary>Bytes after which what came is noted as safe on disk.</summary>
    public long JournalBytes => Math.Min(PartBytes, 16 * MiB);

    /// <summary>All errors; none where the options can be used.</summary>
    public IReadOnlyList<string> Validate()
    {
        var errors = new List<string>();
        Require(Connections is >= 1 and <= 64, $"--connections: {Connections} is not between 1 and 64");
        Require(PartBytes is >= MiB / 16 and <= 4096 * MiB, $"--part-size: {PartBytes} bytes is not between 64 KiB and 4 GiB");
        Require(StallTimeout >= TimeSpan.FromSeconds(1) && StallTimeout <= TimeSpan.FromHours(1), $"--stall-timeout: {StallTimeout.TotalSeconds} s is not between 1 and 3600");
        Require(Attempts is >= 1 and <= 100, $"--attempts: {Attempts} is not between 1 and 100");
        Require(Sha256 is null || (Sha256.Length == 64 && Sha256.All(char.IsAsciiHexDigit)), $"{FetchFlags.Sha256}: '{Sha256}' is no SHA-256 in hex (64 digits)");
        Require(Output is null || CacheDirectory is null, $"--output and {FetchFlags.CacheDirectory} exclude each other");
        Require(S3Addressing is "auto" or "path" or "virtual", $"--s3-addressing: '{S3Addressing}' is not auto, path or virtual");
        Require(Deadline is null || (Deadline >= TimeSpan.FromSeconds(1) && Deadline <= TimeSpan.FromDays(7)), $"{FetchFlags.Deadline}: {Deadline?.TotalSeconds} s is not between 1 and 604800");
        Require(!CheckOnly || CacheDirectory is not null, $"{FetchFlags.CheckOnly} needs {FetchFlags.CacheDirectory}: it looks into the cache");
        Require(IPAddress.TryParse(ProgressHost, out _), $"{FetchFlags.ProgressHost}: '{ProgressHost}' is no IP address");
        Require(ProgressPort is null or (>= 0 and <= 65535), $"{FetchFlags.ProgressPort}: {ProgressPort} is no port");
        RequireUrl("--hf-endpoint", HfEndpoint);
        RequireUrl("--s3-endpoint", S3Endpoint);
        RequireUrl("--gcs-endpoint", GcsEndpoint);
        Require(TokenFile is null || File.Exists(TokenFile), $"--token-file: {TokenFile} does not exist");
        return errors;

        void Require(bool holds, string error)
        {
            if (!holds)
            {
                errors.Add(error);
            }
        }

        void RequireUrl(string flag, string? url) =>
            Require(url is null || (System.Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https"), $"{flag}: '{url}' is no http or https URL");
    }
}
