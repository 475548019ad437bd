using System.CommandLine;
using System.Runtime.InteropServices;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch.Sources;
using Octavo.ServingRuntime.Fetch.Transfer;

namespace Octavo.ServingRuntime.Fetch;

/// <summary>octavo-serve fetch: makes a model's files present, or says why they cannot be, before the server starts.</summary>
internal static class FetchCommand
{
    private const string Description = """
        Makes a model's files present and checks them; used as an init container.

        Sources:
          hf://org/name[@revision][/folder]  Hugging Face Hub or a mirror (HF_ENDPOINT); token: HF_TOKEN, HF_TOKEN_PATH
          s3://bucket/prefix                 S3 (AWS_ENDPOINT_URL, AWS_REGION); credentials: AWS_ACCESS_KEY_ID..., IRSA, EKS Pod Identity, ~/.aws/credentials, none
          gs://bucket/prefix                 Cloud Storage; GOOGLE_APPLICATION_CREDENTIALS, GOOGLE_OAUTH_ACCESS_TOKEN, Workload Identity, none
          https://host/folder/               files by SHA256SUMS, else by the usual names and the index; or a .tar, .tar.gz; token: OCTAVO_FETCH_TOKEN
          oci://registry/repository:tag      OCI artifact or image (also @sha256:...); OCI_USERNAME and OCI_PASSWORD, Docker's config.json
          file:///path                       a folder that is here: checked where it is
        The URI may end in a .gguf file. Only what a checkpoint needs is fetched, never a pickle.

        The model is at CACHE/NAME-HASH (of the URI) or at --output, whole or not at all. An interrupted fetch goes on where it ended. Progress goes to
        stderr; the last line says where the model is, or why not.

        Exit codes: 0 present, 1 unexpected, 2 usage, 10 not found, 11 no checkpoint that can be served, 12 credentials, 13 scheme, 14 no space,
        15 checksum, 16 rate limited, 17 network, 18 --deadline, 143 stopped.
        """;

    public static Command Create()
    {
        var defaults = new FetchOptions { Uri = "" };
        var uri = new Option<string>(FetchFlags.Uri) { Description = "Where the model is.", Required = true };
        var cache = new Option<string?>(FetchFlags.CacheDirectory) { Description = "Folder shared by whoever fetches; each model gets a folder in it. Default: OCTAVO_CACHE, else ~/.cache/octavo/models." };
        var output = new Option<string?>("--output") { Description = "Folder that the model becomes, instead of one in the cache." };
        var sha256 = new Option<string?>(FetchFlags.Sha256) { Description = "What the model must be: SHA-256 of its manifest, the lines of sha256sum sorted by path (sha256sum FILES | LC_ALL=C sort -k 2 | sha256sum)." };
        var connections = new Option<int>("--connections") { Description = "Connections at once.", DefaultValueFactory = _ => defaults.Connections };
        var part = new Option<double>("--part-size") { Description = "MiB that one request asks for at most.", DefaultValueFactory = _ => defaults.PartBytes / (double)(1 << 20) };
        var stall = new Option<double>("--stall-timeout") { Description = "Seconds after which a connection that brings less than 64 KiB is given up.", DefaultValueFactory = _ => defaults.StallTimeout.TotalSeconds };
        var attempts = new Option<int>("--attempts") { Description = "Tries in a row that may bring nothing.", DefaultValueFactory = _ => defaults.Attempts };
        var insecure = new Option<bool>("--insecure") { Description = "Allow plain http to other machines (http:// and oci://), and tokens over it." };
        var hfEndpoint = new Option<string?>("--hf-endpoint") { Description = "The Hugging Face Hub or a mirror. Default: HF_ENDPOINT, else https://huggingface.co." };
        var s3Endpoint = new Option<string?>("--s3-endpoint") { Description = "The S3 server. Default: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, else AWS." };
        var s3Addressing = new Option<string>("--s3-addressing") { Description = "Where the bucket is named: virtual (in the host), path, or auto (virtual at AWS).", DefaultValueFactory = _ => defaults.S3Addressing };
        var gcsEndpoint = new Option<string?>("--gcs-endpoint") { Description = "The Cloud Storage server. Default: STORAGE_EMULATOR_HOST, else https://storage.googleapis.com." };
        var tokenFile = new Option<string?>("--token-file") { Description = "File with the bearer token for hf://, gs:// or https://." };
        var skipTokenizer = new Option<bool>(FetchFlags.SkipTokenizerInit) { Description = "The model may lack a tokenizer: it will be served with the same flag." };
        var checkOnly = new Option<bool>(FetchFlags.CheckOnly) { Description = "Bring nothing: look whether the model is in the cache, whole." };
        var deadline = new Option<double?>(FetchFlags.Deadline) { Description = "Seconds that this run may take in all. Default: as long as it makes progress." };
        var progressHost = new Option<string?>(FetchFlags.ProgressHost) { Description = $"Address of --progress-port. Default: {FetchFlags.ProgressHostVariable}, else 127.0.0.1." };
        var progressPort = new Option<int?>(FetchFlags.ProgressPort) { Description = $"Port at which {ServingPaths.FetchProgress} tells progress as JSON: phase, bytes, totalBytes, bytesPerSecond, remainingSeconds. Default: {ServingPorts.FetchProgress} where {FetchFlags.ProgressHostVariable} is set, else none." };
        var resultFile = new Option<string?>(FetchFlags.ResultFile) { Description = $"File to write the same JSON to, with sha256 and revision, when the model is present. Default: {FetchFlags.ResultFileVariable}." };
        var command = new Command(FetchFlags.Verb, Description)
        {
            uri, cache, output, sha256, connections, part, stall, attempts, insecure, hfEndpoint, s3Endpoint, s3Addressing, gcsEndpoint, tokenFile, skipTokenizer,
            checkOnly, deadline, progressHost, progressPort, resultFile,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var environment = FetchEnvironment.OfProcess(Console.Error);
            var options = new FetchOptions
            {
                Uri = parsed.GetValue(uri)!,
                CacheDirectory = parsed.GetValue(cache) ?? (parsed.GetValue(output) is null ? DefaultCache(environment) : null),
                Output = parsed.GetValue(output),
                Sha256 = parsed.GetValue(sha256),
                Connections = parsed.GetValue(connections),
                PartBytes = (long)Math.Clamp(parsed.GetValue(part) * (1 << 20), 0, 1L << 40),
                StallTimeout = TimeSpan.FromSeconds(Math.Clamp(parsed.GetValue(stall), -1, 1e9)),
                Attempts = parsed.GetValue(attempts),
                Insecure = parsed.GetValue(insecure),
                HfEndpoint = parsed.GetValue(hfEndpoint),
                S3Endpoint = parsed.GetValue(s3Endpoint),
                S3Addressing = parsed.GetValue(s3Addressing)!,
                SkipTokenizerInit = parsed.GetValue(skipTokenizer),
                GcsEndpoint = parsed.GetValue(gcsEndpoint),
                TokenFile = parsed.GetValue(tokenFile),
                CheckOnly = parsed.GetValue(checkOnly),
                Deadline = parsed.GetValue(deadline) is { } seconds ? TimeSpan.FromSeconds(Math.Clamp(seconds, -1, 1e9)) : null,
                ProgressHost = parsed.GetValue(progressHost) ?? environment.Variable(FetchFlags.ProgressHostVariable) ?? defaults.ProgressHost,
                ProgressPort = parsed.GetValue(progressPort) ?? (environment.Variable(FetchFlags.ProgressHostVariable) is null ? null : ServingPorts.FetchProgress),
                ResultFile = parsed.GetValue(resultFile) ?? environment.Variable(FetchFlags.ResultFileVariable),
            };
            return RunAsync(options, environment, Console.Out, Console.Error, cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(FetchOptions options, FetchEnvironment environment, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var faults = options.Validate();
        if (faults.Count > 0)
        {
            await error.WriteLineAsync(string.Join(Environment.NewLine, faults)).ConfigureAwait(false);
            return (int)FetchExitCode.Usage;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, stop));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, stop));
        FetchResult result;
        try
        {
            var board = new ProgressBoard();
            var endpoint = await ProgressEndpoint.StartAsync(board, options.ProgressHost, options.ProgressPort, environment, stop.Token).ConfigureAwait(false);
            await using var listening = endpoint.ConfigureAwait(false);
            result = await new ModelFetcher(options, environment, board).FetchAsync(stop.Token).ConfigureAwait(false);
            if (result.Code == FetchExitCode.Success && options.ResultFile is { } file)
            {
                await WriteResultAsync(file, board.Read(), environment).ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            // A bug: the trace for whoever mends it, the sentence for whoever runs it.
            await error.WriteLineAsync(e.ToString()).ConfigureAwait(false);
            result = new FetchResult(FetchExitCode.Unexpected, $"Fetching {SafeName.Of(options.Uri)} failed unexpectedly: {e.GetType().Name}.");
        }

        // The last line is what the operator shows.
        await (result.Code == FetchExitCode.Success ? output : error).WriteLineAsync(result.Message).ConfigureAwait(false);
        return (int)result.Code;
    }

    /// <summary>Who cannot be told of a success has it all the same.</summary>
    private static async Task WriteResultAsync(string file, FetchProgress progress, FetchEnvironment environment)
    {
        try
        {
            await File.WriteAllBytesAsync(file, progress.ToJson()).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            environment.Say($"{FetchFlags.ResultFile} {file} cannot be written: {e.Message}");
        }
    }

    private static void Stop(PosixSignalContext context, CancellationTokenSource stop)
    {
        context.Cancel = true;
        stop.Cancel();
    }

    private static string DefaultCache(FetchEnvironment environment) =>
        environment.Variable("OCTAVO_CACHE") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "octavo", "models");
}
