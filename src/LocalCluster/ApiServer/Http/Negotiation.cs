namespace Octavo.LocalCluster.ApiServer.Http;

/// <summary>What an Accept header asks for, of what this server can write.</summary>
/// <param name="Yaml">True to label the answer as YAML; JSON is written, which is YAML too.</param>
internal sealed record Negotiation(AcceptedForm Form, bool Yaml)
{
    private const string Types = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

    public string ContentType => Yaml ? "application/yaml" : "application/json";

    /// <param name="isList">Lists also stream, which the error text tells.</param>
    /// <exception cref="ApiException">406: nothing acceptable.</exception>
    public static Negotiation Of(HttpRequest request, bool isList)
    {
        var header = request.Headers.Accept.ToString();
        if (string.IsNullOrWhiteSpace(header))
        {
            return new Negotiation(AcceptedForm.Object, false);
        }

        var sawKnownType = false;
        foreach (var (type, parameters) in Clauses(header))
        {
            var yaml = type == "application/yaml";
            if (!yaml && type is not ("application/json" or "*/*" or "application/*"))
            {
                // Protobuf is named by clients that take JSON as well; alone it cannot be served.
                continue;
            }

            sawKnownType = true;
            var form = parameters.GetValueOrDefault("as") switch
            {
                null => AcceptedForm.Object,
                "Table" => AcceptedForm.Table,
                "PartialObjectMetadata" or "PartialObjectMetadataList" => AcceptedForm.PartialObjectMetadata,
                _ => (AcceptedForm?)null,
            };
            var isMeta = parameters.GetValueOrDefault("g") == "meta.k8s.io" && parameters.GetValueOrDefault("v") == "v1";
            if (form == AcceptedForm.Object || (form is not null && isMeta))
            {
                return new Negotiation(form.Value, yaml);
            }
        }

        throw sawKnownType
            ? new ApiException(406, $"only the following media types are accepted: {Types}", "NotAcceptable", null)
            : new ApiException(406, "406: Not Acceptable\n\nAvailable representations: " + Types
                + (isList ? ", application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch" : ""), "NotAcceptable", []);
    }

    /// <summary>The clauses of an Accept header, most wanted first.</summary>
    public static IEnumerable<(string Type, IReadOnlyDictionary<string, string> Parameters)> Clauses(string header) =>
        header.Split(',').Select(clause =>
        {
            var parts = clause.Split(';', StringSplitOptions.TrimEntries);
            var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var part in parts.Skip(1))
            {
                var equals = part.IndexOf('=', StringComparison.Ordinal);
                if (equals > 0)
                {
                    parameters[part[..equals]] = part[(equals + 1)..];
                }
            }

            return (Type: parts[0].ToLowerInvariant(), Parameters: (IReadOnlyDictionary<string, string>)parameters);
        }).OrderByDescending(c =>
            c.Parameters.TryGetValue("q", out var q) && double.TryParse(q, System.Globalization.CultureInfo.InvariantCulture, out var weight) ? weight : 1);
}
