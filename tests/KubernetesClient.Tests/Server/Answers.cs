using Microsoft.AspNetCore.Http;

namespace Octavo.KubernetesClient.Tests.Server;

/// <summary>Answers as a real API server words them.</summary>
internal static class Answers
{
    public const string Pod = """{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","namespace":"n","resourceVersion":"7"}}""";

    public static RequestDelegate Json(string body, int code = 200) => context => WriteAsync(context, body, code, "application/json");

    public static RequestDelegate Text(string body, int code) => context => WriteAsync(context, body, code, "text/plain; charset=utf-8");

    public static RequestDelegate Status(int code, string reason, string message) => Json(StatusBody(code, reason, message), code);

    /// <summary>The first answer for the first request, and so on; the last for all that follow.</summary>
    public static RequestDelegate Sequence(params RequestDelegate[] answers)
    {
        var next = -1;
        return context => answers[Math.Min(Interlocked.Increment(ref next), answers.Length - 1)](context);
    }

    public static RequestDelegate RetryAfter(int code, string seconds) => context =>
    {
        context.Response.Headers.RetryAfter = seconds;
        return WriteAsync(context, StatusBody(code, "TooManyRequests", "too many requests, please try again later"), code, "application/json");
    };

    public static string StatusBody(int code, string reason, string message) =>
        $$"""{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"{{message}}","reason":"{{reason}}","code":{{code}}}""";

    private static Task WriteAsync(HttpContext context, string body, int code, string type)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = type;
        return context.Response.WriteAsync(body);
    }
}
