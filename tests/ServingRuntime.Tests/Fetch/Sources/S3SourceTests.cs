using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Octavo.ServingContract;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Fetch.Sources;

/// <summary>Against an S3 server in the test's process that checks signatures on its own and answers lists three objects a page.</summary>
public sealed class S3SourceTests : IAsyncLifetime, IDisposable
{
    private const string Uri = "s3://bucket/models/tiny v1";
    private const string Secret = "secret/key+1";
    private readonly FetchWorkplace place = new();
    private FileServer server = null!;
    private bool hasChecksums;
    private bool isAnonymous;
    private string region = "eu-west-3";
    private int lists;

    public async Task InitializeAsync()
    {
        server = (await FileServer.StartAsync()).Add("/bucket/models/tiny v1", Repository.TinyModel);
        server.Files["/bucket/models/tiny v1/"] = [];
        server.Files["/bucket/models/tiny v10/config.json"] = "{}"u8.ToArray();
        server.Intercept = AnswerAsync;
        place.Variables["AWS_ENDPOINT_URL"] = server.Url;
        place.Variables["AWS_REGION"] = region;
        place.Variables["AWS_ACCESS_KEY_ID"] = "AKID";
        place.Variables["AWS_SECRET_ACCESS_KEY"] = Secret;
        place.Variables["AWS_SESSION_TOKEN"] = "session";
    }

    public async Task DisposeAsync() => await server.DisposeAsync();

    public void Dispose() => place.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Fetch_Prefix_IsListedByPagesAndReadWithSignatures(bool checksums)
    {
        hasChecksums = checksums;

        var result = await place.FetchAsync(Uri);

        result.Code.Should().Be(FetchExitCode.Success, result.Message);
        FetchWorkplace.ShouldBeTinyModel(place.EntryOf(Uri));
        lists.Should().BeGreaterThan(2);
        (result.Message + place.Log).Should().NotContain(Secret).And.NotContain("session");
    }

    [Fact]
    public async Task Fetch_BucketIsInAnotherRegion_SignsForThatOne()
    {
        region = "us-west-2";

        (await place.FetchAsync(Uri)).Code.Should().Be(FetchExitCode.Success);
    }

    [Fact]
    public async Task Fetch_WithoutCredentials_IsAnonymous()
    {
        place.Variables.Remove("AWS_ACCESS_KEY_ID");
        isAnonymous = true;

        (await place.FetchAsync(Uri)).Code.Should().Be(FetchExitCode.Success);
        server.Requests.Should().OnlyContain(r => r.Authorization == null);
    }

    [Fact]
    public async Task Fetch_CredentialsFromTheSharedFile_Serve()
    {
        place.Variables.Remove("AWS_ACCESS_KEY_ID");
        place.Variables["AWS_SHARED_CREDENTIALS_FILE"] = Path.Combine(place.Root, "credentials");
        place.Variables["AWS_PROFILE"] = "models";
        await File.WriteAllTextAsync(place.Variables["AWS_SHARED_CREDENTIALS_FILE"], $"[default]\naws_access_key_id = no\n\n[models]\naws_access_key_id = AKID\naws_secret_access_key = {Secret}\naws_session_token=session\n");

        (await place.FetchAsync(Uri)).Code.Should().Be(FetchExitCode.Success);
    }

    [Fact]
    public async Task Fetch_WebIdentity_IsExchangedForCredentials()
    {
        place.Variables.Remove("AWS_ACCESS_KEY_ID");
        place.Variables["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/models";
        place.Variables["AWS_ENDPOINT_URL_STS"] = server.Url + "/sts";
        place.Variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = Path.Combine(place.Root, "token");
        await File.WriteAllTextAsync(place.Variables["AWS_WEB_IDENTITY_TOKEN_FILE"], "jwt");

        var result = await place.FetchAsync(Uri);

        result.Code.Should().Be(FetchExitCode.Success, result.Message);
        server.Requests.Count(r => r.Target == "/sts").Should().Be(1);
    }

    [Fact]
    public async Task Fetch_WrongSecret_IsUnauthorizedWithTheCode()
    {
        place.Variables["AWS_SECRET_ACCESS_KEY"] = "wrong";

        var result = await place.FetchAsync(Uri);

        result.Code.Should().Be(FetchExitCode.Unauthorized);
        result.Message.Should().Contain("SignatureDoesNotMatch").And.NotContain("wrong");
    }

    [Theory]
    [InlineData("s3://bucket/models/absent", "no object")]
    [InlineData("s3://absent/models", "no bucket absent")]
    public async Task Fetch_NotThere_SaysWhatIsMissing(string uri, string said)
    {
        var result = await place.FetchAsync(uri);

        result.Code.Should().Be(FetchExitCode.NotFound);
        result.Message.Should().Contain(said).And.Contain(uri);
    }

    [Fact]
    public async Task Fetch_ContentIsNotItsChecksum_IsRefused()
    {
        hasChecksums = true;
        var inner = server.Intercept;
        server.Intercept = async context =>
        {
            if (context.Request.Method != "GET" || !context.Request.Path.Value!.EndsWith("/config.json", StringComparison.Ordinal))
            {
                return await inner(context);
            }

            var content = (byte[])server.Files[context.Request.Path.Value].Clone();
            content[3] ^= 1;
            context.Response.ContentLength = content.Length;
            await context.Response.Body.WriteAsync(content);
            return true;
        };

        (await place.FetchAsync(Uri)).Code.Should().Be(FetchExitCode.ChecksumMismatch);
    }

    private async Task<bool> AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.Path == "/sts")
        {
            var form = await request.ReadFormAsync();
            var isRight = form["Action"] == "AssumeRoleWithWebIdentity" && form["WebIdentityToken"] == "jwt" && form["RoleArn"] == "arn:aws:iam::1:role/models";
            context.Response.StatusCode = isRight ? 200 : 400;
            await context.Response.WriteAsync(
                $"<AssumeRoleWithWebIdentityResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>AKID</AccessKeyId><SecretAccessKey>{Secret}</SecretAccessKey>"
                + "<SessionToken>session</SessionToken><Expiration>2036-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>");
            return true;
        }

        if (!isAnonymous && !request.Headers.Authorization.ToString().Contains($"/{region}/s3/", StringComparison.Ordinal))
        {
            return await RefuseAsync(context, 400, "AuthorizationHeaderMalformed");
        }

        if (!isAnonymous && !IsSigned(request))
        {
            return await RefuseAsync(context, 403, "SignatureDoesNotMatch");
        }

        if (!request.Path.Value!.StartsWith("/bucket/", StringComparison.Ordinal))
        {
            return await RefuseAsync(context, 404, "NoSuchBucket");
        }

        if (request.Query["list-type"] == "2")
        {
            Interlocked.Increment(ref lists);
            await ListAsync(context);
            return true;
        }

        if (hasChecksums && request.Headers["x-amz-checksum-mode"] == "ENABLED" && server.Files.TryGetValue(request.Path.Value, out var content))
        {
            context.Response.Headers["x-amz-checksum-sha256"] = Convert.ToBase64String(SHA256.HashData(content));
        }

        return false;
    }

    private async Task<bool> RefuseAsync(HttpContext context, int status, string code)
    {
        context.Response.StatusCode = status;
        context.Response.Headers["x-amz-bucket-region"] = region;
        if (context.Request.Method != "HEAD")
        {
            await context.Response.WriteAsync($"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{Secret}</Message></Error>");
        }

        return true;
    }

    private async Task ListAsync(HttpContext context)
    {
        const int PageSize = 3;
        var query = context.Request.Query;
        var keys = server.Files.Keys.Select(k => k["/bucket/".Length..]).Where(k => k.StartsWith(query["prefix"].ToString(), StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
        var from = query.TryGetValue("continuation-token", out var token) ? int.Parse(token.ToString().TrimEnd('='), CultureInfo.InvariantCulture) : 0;
        var items = keys.Skip(from).Take(PageSize).Select(k => (Key: k, Content: server.Files["/bucket/" + k]))
            .Select(f => $"<Contents><Key>{f.Key}</Key><ETag>&quot;{FileServer.ETagOf(f.Content)}&quot;</ETag><Size>{f.Content.Length}</Size></Contents>");
        var more = from + PageSize < keys.Count;
        await context.Response.WriteAsync(
            $"<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><IsTruncated>{(more ? "true" : "false")}</IsTruncated>"
            + (more ? $"<NextContinuationToken>{from + PageSize}=</NextContinuationToken>" : "") + string.Concat(items) + "</ListBucketResult>");
    }

    /// <summary>Signature Version 4 as a server checks it, from the request as it came; shares nothing with the code under test.</summary>
    private bool IsSigned(HttpRequest request)
    {
        var raw = request.HttpContext.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget.Split('?', 2);
        var header = request.Headers.Authorization.ToString();
        string Field(string name) => header[(header.IndexOf(name + "=", StringComparison.Ordinal) + name.Length + 1)..].Split(',')[0];
        var scope = Field("Credential").Split('/', 2)[1];
        var names = Field("SignedHeaders").Split(';');
        if (!names.Contains("host") || !names.Contains("x-amz-date") || !names.Contains("x-amz-security-token"))
        {
            return false;
        }

        var query = raw.Length < 2 ? "" : string.Join('&', raw[1].Split('&').Order(StringComparer.Ordinal));
        var headers = string.Concat(names.Select(n => $"{n}:{request.Headers[n]}\n"));
        var canonical = $"{request.Method}\n{raw[0]}\n{query}\n{headers}\n{string.Join(';', names)}\n{request.Headers["x-amz-content-sha256"]}";
        var toSign = $"AWS4-HMAC-SHA256\n{request.Headers["x-amz-date"]}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        var key = scope.Split('/').Aggregate(Encoding.UTF8.GetBytes("AWS4" + Secret), (k, part) => HMACSHA256.HashData(k, Encoding.UTF8.GetBytes(part)));
        return Field("Signature") == Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(toSign)));
    }
}
