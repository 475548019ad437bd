using Octavo.Operator.CustomResources;

namespace Octavo.Operator.Entities;

/// <summary>The model: where its files come from and under which names it is served.</summary>
public sealed record ModelSpec
{
    /// <summary>
    /// Where the model's files are: file:///path (in the container, a Hugging Face checkpoint folder). The schemes hf, s3, gs, https, oci and
    /// pvc are reserved; a service that names one is reported with the reason UnsupportedSource. A change rolls the replicas.
    /// </summary>
    [Schema(MinLength = 1, MaxLength = 2048)]
    [ValidationRule("self.matches('^(file:///|hf://|s3://|gs://|https://|oci://|pvc://)[^ ]+$')",
        "uri must begin with file:///, hf://, s3://, gs://, https://, oci:// or pvc:// and hold no space")]
    public required string Uri { get; init; }

    /// <summary>Name by which requests choose the model (the OpenAI field "model"). Absent: metadata.name.</summary>
    [Schema(MinLength = 1, MaxLength = 253, Pattern = NamePattern)]
    public string? Name { get; init; }

    /// <summary>Further names of the same model.</summary>
    [Schema(MaxItems = 16, ItemMaxLength = 253, ListType = "set")]
    [ValidationRule("self.all(alias, alias.matches('" + NamePattern + "'))", "an alias may hold letters, digits and . _ : / - only, and begins with a letter or digit")]
    public IReadOnlyList<string>? Aliases { get; init; }

    /// <summary>The names travel in a comma-separated annotation, so they hold no comma.</summary>
    private const string NamePattern = "^[A-Za-z0-9][-A-Za-z0-9._:/]*$";
}
