namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>One cause of a 422 answer.</summary>
/// <param name="Reason">A cause reason such as FieldValueInvalid.</param>
/// <param name="Field">The dotted path, or "&lt;nil&gt;" where Kubernetes gives none.</param>
/// <param name="Message">The text after the path, such as "Required value".</param>
internal sealed record FieldError(string Reason, string Field, string Message)
{
    public static FieldError Required(string field, string detail = "") =>
        new("FieldValueRequired", field, detail.Length == 0 ? "Required value" : $"Required value: {detail}");

    /// <param name="field">The dotted path.</param>
    /// <param name="value">The refused value as Kubernetes prints it (JSON; strings quoted).</param>
    /// <param name="detail">Why it is refused.</param>
    public static FieldError Invalid(string field, string value, string detail) =>
        new("FieldValueInvalid", field, $"Invalid value: {value}: {detail}");

    public static FieldError TypeInvalid(string field, string value, string detail) =>
        new("FieldValueTypeInvalid", field, $"Invalid value: {value}: {detail}");

    public static FieldError Forbidden(string field, string detail) =>
        new("FieldValueForbidden", field, $"Forbidden: {detail}");

    public static FieldError Duplicate(string field, string value) =>
        new("FieldValueDuplicate", field, $"Duplicate value: {value}");

    public static FieldError NotFound(string field, string value) =>
        new("FieldValueNotFound", field, $"Not found: {value}");

    public static FieldError NotSupported(string field, string value, IEnumerable<string> supported) =>
        new("FieldValueNotSupported", field, $"Unsupported value: {value}: supported values: {string.Join(", ", supported)}");

    public static FieldError TooLong(string field, long maximum) =>
        new("FieldValueTooLong", field, $"Too long: may not be more than {maximum} bytes");

    public static FieldError TooMany(string field, long actual, long maximum) =>
        new("FieldValueTooMany", field, $"Too many: {actual}: must have at most {maximum} items");

    public override string ToString() => $"{Field}: {Message}";
}
