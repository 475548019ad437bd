using Octavo.Operator.CustomResources;

namespace Octavo.Operator.Entities;

/// <summary>The model: where its files come from and under which names it is served.</summary>
public sealed record ModelSpec
{
    /// <summary>
    /// Where the model's files are, a checkpoint in the form of the Hugging Face Hub: hf://org/name@revision, s3://bucket/prefix, gs://bucket/prefix,
    /// https://host/folder/ or oci://registry/repository:tag, which each replica's init container fetches into spec.storage; pvc://claim/path, which is
    /// mounted; image://registry/repository:tag, an image whose files are mounted; file:///path in the runtime's image. A change rolls the replicas.
    /// </summary>
    [Schema(MinLength = 1, MaxLength = 2048)]
    [ValidationRule("self.matches('^(file:///|hf://|s3://|gs://|https://|oci://|pvc://|image://)[^ ]+$')",
        "uri must begin with file:///, hf://, s3://, gs://, https://, oci://, pvc:// or image:// and hold no space")]
    [ValidationRule("!self.matches('^(hf|s3|gs|https|oci|image):///')", "between the scheme and the first slash of uri a place must be named")]
    [ValidationRule("!self.startsWith('pvc://') || self.matches('^pvc://[a-z0-9]([-a-z0-9.]*[a-z0-9])?(/.*)?$')", "a claim is named as in pvc://claim/path")]
    public required string Uri { get; init; }

    /// <summary>
    /// What the model must be, in hex: SHA-256 of its manifest, the lines of sha256sum sorted by path. A fetch tells it in its last line. Absent: files are
    /// checked against the digests that their source gives, where it gives any.
    /// </summary>
    [Schema(MinLength = 64, MaxLength = 64, Pattern = "^[0-9a-fA-F]{64}$")]
    public string? Sha256 { get; init; }

    /// <summary>
    /// A Secret of the same namespace whose keys become environment variables of the fetch alone: HF_TOKEN, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY,
    /// GOOGLE_APPLICATION_CREDENTIALS_JSON, OCI_USERNAME and OCI_PASSWORD, OCTAVO_FETCH_TOKEN.
    /// </summary>
    public LocalObjectReferenceSpec? SecretRef { get; init; }

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
