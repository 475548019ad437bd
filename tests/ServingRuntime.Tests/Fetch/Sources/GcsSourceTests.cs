using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Octavo.ServingContract;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Fetch.Sources;

/// <summary>Against the JSON API of Cloud Storage, two objects a page, in the test's process.</summary>
public sealed class GcsSourceTests : IAsyncLifetime, IDisposable
{
    private const string Uri = "gs://bucket/models/tiny";
    private readonly FetchWorkplace place = new();
    private readonly Dictionary<string, byte[]> objects = new(StringComparer.Ordinal);
    private FileServer server = null!;
    private string? wantedToken;
    private string? assertion;

    public async Task InitializeAsync()
    {
        server = await FileServer.StartAsync();
        server.Intercept = AnswerAsync;
        server.HasETags = false;
        foreach (var file in TinyModelSource.Files)
        {
            objects[$"models/tiny/{file}"] = File.ReadAllBytes(Path.Combine(Repository.TinyModel, file));
        }

        place.Variables["STORAGE_EMULATOR_HOST"] = server.Authority;
    }

    public async Task DisposeAsync() => await server.DisposeAsync();

    public void Dispose() => place.Dispose();

    [Fact]
    public async Task Fetch_Prefix_IsListedByPagesAndCheckedByCrc()
    {
        var result = await place.FetchAsync(Uri);

        result.Code.Should().Be(FetchExitCode.Success, result.Message);
        FetchWorkplace.ShouldBeTinyModel(place.EntryOf(Uri));
    }

    [Fact]
    public async Task Fetch_ServiceAccount_IsExchangedForAToken()
    {
        using var rsa = RSA.Create(2048);
        wantedToken = "ya29.token";
        place.Variables["GOOGLE_APPLICATION_CREDENTIALS_JSON"] = JsonSerializer.Serialize(new
        {
            type = "service_account", client_email = "models@example.org", private_key_id = "1", private_key = rsa.ExportPkcs8PrivateKeyPem(), token_uri = server.Url + "/token",
        });

        var result = await place.FetchAsync(Uri);

        result.Code.Should().Be(FetchExitCode.Success, result.Message);
        var parts = assertion!.Split('.');
        rsa.VerifyData(System.Text.Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), System.Buffers.Text.Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).Should().BeTrue();
        using var claims = JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(parts[1]));
        claims.RootElement.GetProperty("iss").GetString().Should().Be("models@example.org");
    }

    [Fact]
    public async Task Fetch_NoToken_IsUnauthorized()
    {
        wantedToken = "ya29.token";

        (await place.FetchAsync(Uri)).Code.Should().Be(FetchExitCode.Unauthorized);
    }

    [Fact]
    public async Task Fetch_ObjectIsDamaged_IsAChecksumMismatch()
    {
        var inner = server.Intercept;
        server.Intercept = async context =>
        {
            if (context.Request.Query["alt"] == "media" && context.Request.Path.Value!.EndsWith("tokenizer_config.json", StringComparison.Ordinal))
            {
                var content = (byte[])objects["models/tiny/tokenizer_config.json"].Clone();
                content[5] ^= 4;
                await server.ServeAsync(context, content);
                return true;
            }

            return await inner(context);
        };

        (await place.FetchAsync(Uri)).Code.Should().Be(FetchExitCode.ChecksumMismatch);
    }

    [Fact]
    public async Task Fetch_NothingThere_IsNotFound() => (await place.FetchAsync("gs://bucket/absent")).Code.Should().Be(FetchExitCode.NotFound);

    private async Task<bool> AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.Path == "/token")
        {
            var form = await request.ReadFormAsync();
            assertion = form["assertion"];
            await context.Response.WriteAsync($"{{\"access_token\":\"{wantedToken}\",\"expires_in\":3599}}");
            return true;
        }

        if (wantedToken is not null && request.Headers.Authorization != $"Bearer {wantedToken}")
        {
            context.Response.StatusCode = 401;
            return true;
        }

        if (request.Path == "/storage/v1/b/bucket/o")
        {
            var names = objects.Keys.Where(k => k.StartsWith(request.Query["prefix"].ToString(), StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
            var from = request.Query.TryGetValue("pageToken", out var token) ? names.IndexOf(token.ToString()) : 0;
            var items = names.Skip(from).Take(2).Select(n => new { name = n, size = $"{objects[n].Length}", crc32c = Crc32C(objects[n]), generation = "7" });
            await context.Response.WriteAsync(names.Count == 0 ? "{}" : JsonSerializer.Serialize(from + 2 < names.Count ? (object)new { items, nextPageToken = names[from + 2] } : new { items }));
            return true;
        }

        // The name is one escaped segment, and the server leaves an escaped slash as it is.
        var key = request.Path.Value!["/storage/v1/b/bucket/o/".Length..].Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        if (request.Query["generation"] != "7" || !objects.TryGetValue(key, out var content))
        {
            context.Response.StatusCode = 404;
            return true;
        }

        await server.ServeAsync(context, content);
        return true;
    }

    /// <summary>Bit by bit (RFC 3720), unlike the code under test.</summary>
    private static string Crc32C(byte[] content)
    {
        var crc = uint.MaxValue;
        foreach (var b in content)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78 : 0);
            }
        }

        var value = ~crc;
        return Convert.ToBase64String([(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value]);
    }
}
