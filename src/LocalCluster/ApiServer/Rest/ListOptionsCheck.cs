using System.Globalization;
using Octavo.LocalCluster.ApiServer.Http;

namespace Octavo.LocalCluster.ApiServer.Rest;

/// <summary>Checks the parameters of lists and watches.</summary>
internal static class ListOptionsCheck
{
    private static readonly StatusCause UnsupportedForWatch = new(
        "FieldValueForbidden", "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided", "resourceVersionMatch");

    public static void ForList(ResourceRequest request)
    {
        var causes = new List<StatusCause>();
        var match = request.Query("resourceVersionMatch");
        var version = request.Query("resourceVersion");
        if (request.Query("sendInitialEvents") is { Length: > 0 })
        {
            causes.Add(Forbidden("sendInitialEvents is forbidden for list", "sendInitialEvents"));
        }

        if (!string.IsNullOrEmpty(match))
        {
            if (string.IsNullOrEmpty(version))
            {
                causes.Add(Forbidden("resourceVersionMatch is forbidden unless resourceVersion is provided", "resourceVersionMatch"));
            }

            if (request.Query("continue") is { Length: > 0 })
            {
                causes.Add(Forbidden("resourceVersionMatch is forbidden when continue is provided", "resourceVersionMatch"));
            }

            if (match is not ("Exact" or "NotOlderThan"))
            {
                causes.Add(Unsupported(match, "\"Exact\", \"NotOlderThan\", \"\""));
            }
            else if (match == "Exact" && version == "0")
            {
                causes.Add(Forbidden("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"", "resourceVersionMatch"));
            }
        }

        Throw(causes);
    }

    public static void ForWatch(ResourceRequest request)
    {
        var causes = new List<StatusCause>();
        var match = request.Query("resourceVersionMatch");
        if (request.Flag("sendInitialEvents") is null)
        {
            if (!string.IsNullOrEmpty(match))
            {
                causes.Add(UnsupportedForWatch);
            }
        }
        else
        {
            if (match != "NotOlderThan")
            {
                causes.Add(Forbidden("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan", "resourceVersionMatch"));
                if (!string.IsNullOrEmpty(match))
                {
                    causes.Add(Unsupported(match, "\"NotOlderThan\""));
                }
            }

            if (request.Query("continue") is { Length: > 0 })
            {
                causes.Add(Forbidden("resourceVersionMatch is forbidden when continue is provided", "resourceVersionMatch"));
            }
        }

        Throw(causes);
    }

    /// <exception cref="ApiException">500, as a real server answers what is no number.</exception>
    public static long Revision(string text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var revision)
            ? (long)Math.Min(revision, long.MaxValue)
            : throw ApiErrors.Unmapped($"resourceVersion: Invalid value: \"{text}\": strconv.ParseUint: parsing \"{text}\": invalid syntax");

    private static StatusCause Forbidden(string message, string field) => new("FieldValueForbidden", $"Forbidden: {message}", field);

    private static StatusCause Unsupported(string value, string supported) =>
        new("FieldValueNotSupported", $"Unsupported value: \"{value}\": supported values: {supported}", "resourceVersionMatch");

    private static void Throw(List<StatusCause> causes)
    {
        if (causes.Count > 0)
        {
            throw ApiErrors.Invalid("meta.k8s.io", "ListOptions", "", causes);
        }
    }
}
