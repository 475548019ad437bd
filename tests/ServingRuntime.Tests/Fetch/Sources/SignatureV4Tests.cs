using Octavo.ServingRuntime.Fetch.Sources.S3;

namespace Octavo.ServingRuntime.Tests.Fetch.Sources;

/// <summary>Against the signatures that AWS publishes: the S3 API reference's examples, and get-vanilla of its Signature Version 4 test suite.</summary>
public sealed class SignatureV4Tests
{
    private static readonly AwsCredentials Example = new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", null);

    private static IReadOnlyList<(string, string)> Headers(params (string, string)[] further) =>
        [("host", "examplebucket.s3.amazonaws.com"), ("x-amz-content-sha256", SignatureV4.EmptyPayload), ("x-amz-date", "20130524T000000Z"), .. further];

    [Fact]
    public void Authorization_GetObjectExample_IsAwss()
    {
        var header = SignatureV4.Authorization("GET", "/test.txt", [], Headers(("range", "bytes=0-9")), SignatureV4.EmptyPayload, Example, "us-east-1", "s3");

        header.Should().Be(
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    }

    [Fact]
    public void Authorization_GetBucketLifecycleExample_IsAwss() =>
        SignatureV4.Authorization("GET", "/", [("lifecycle", "")], Headers(), SignatureV4.EmptyPayload, Example, "us-east-1", "s3")
            .Should().EndWith("Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");

    [Fact]
    public void Authorization_ListObjectsExample_IsAwss() =>
        SignatureV4.Authorization("GET", "/", [("prefix", "J"), ("max-keys", "2")], Headers(), SignatureV4.EmptyPayload, Example, "us-east-1", "s3")
            .Should().EndWith("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");

    [Fact]
    public void Authorization_GetVanilla_IsTheTestSuites() =>
        SignatureV4.Authorization(
            "GET",
            "/",
            [],
            [("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")],
            SignatureV4.EmptyPayload,
            new AwsCredentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", null),
            "us-east-1",
            "service").Should().EndWith("Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");

    [Theory]
    [InlineData("models/a b/c+d.json", "models/a%20b/c%2Bd.json")]
    [InlineData("ü/~-_.", "%C3%BC/~-_.")]
    public void Path_Key_IsEscapedOnceButSlashes(string key, string expected) => SignatureV4.Path(key).Should().Be(expected);

    [Fact]
    public void Timestamp_OtherZone_IsUtc() => SignatureV4.Timestamp(new DateTimeOffset(2026, 1, 2, 1, 0, 0, TimeSpan.FromHours(2))).Should().Be("20260101T230000Z");
}
