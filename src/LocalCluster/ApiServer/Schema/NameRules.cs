using System.Text.RegularExpressions;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>The formats of names, with the sentences that Kubernetes prints for those that do not fit.</summary>
internal static partial class NameRules
{
    private const string LabelPattern = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
    private const string QualifiedPattern = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

    private const string LabelSentence = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '"
        + LabelPattern + "')";

    private const string SubdomainSentence = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '"
        + LabelPattern + @"(\." + LabelPattern + ")*')";

    private const string DnsLabel1035Sentence = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

    /// <summary>Why <paramref name="name"/> is no RFC 1123 subdomain; empty if it is.</summary>
    public static IEnumerable<string> SubdomainErrors(string name) => Errors(name, 253, Subdomain(), SubdomainSentence);

    public static IEnumerable<string> LabelErrors(string name) => Errors(name, 63, Label(), LabelSentence);

    public static IEnumerable<string> Label1035Errors(string name) => Errors(name, 63, Label1035(), DnsLabel1035Sentence);

    /// <summary>Names of RBAC objects and others that only have to fit into a path.</summary>
    public static IEnumerable<string> PathSegmentErrors(string name)
    {
        if (name is "." or "..")
        {
            yield return $"may not be '{name}'";
        }

        foreach (var part in new[] { "/", "%" })
        {
            if (name.Contains(part, StringComparison.Ordinal))
            {
                yield return $"may not contain '{part}'";
            }
        }
    }

    /// <summary>Keys of labels and annotations, finalizers: an optional subdomain, a slash and a name.</summary>
    public static IEnumerable<string> QualifiedNameErrors(string key)
    {
        var parts = key.Split('/');
        var name = parts[^1];
        if (parts.Length > 2)
        {
            yield return QualifiedSentence("a qualified name") + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            yield break;
        }

        if (parts.Length == 2)
        {
            if (parts[0].Length == 0)
            {
                yield return "prefix part must be non-empty";
            }
            else
            {
                foreach (var error in SubdomainErrors(parts[0]))
                {
                    yield return "prefix part " + error;
                }
            }
        }

        if (name.Length == 0)
        {
            yield return "name part must be non-empty";
        }
        else if (name.Length > 63)
        {
            yield return "name part must be no more than 63 bytes";
        }

        if (!Qualified().IsMatch(name))
        {
            yield return QualifiedSentence("name part");
        }
    }

    public static IEnumerable<string> LabelValueErrors(string value)
    {
        if (value.Length > 63)
        {
            yield return "must be no more than 63 bytes";
        }

        if (value.Length > 0 && !Qualified().IsMatch(value))
        {
            yield return "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '("
                + QualifiedPattern + ")?')";
        }
    }

    /// <summary>Keys of ConfigMaps and Secrets.</summary>
    public static IEnumerable<string> ConfigKeyErrors(string key)
    {
        if (key.Length > 253)
        {
            yield return "must be no more than 253 bytes";
        }

        if (!ConfigKey().IsMatch(key))
        {
            yield return "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
        }
        else if (key is "." or "..")
        {
            yield return $"must not be '{key}'";
        }
    }

    private static string QualifiedSentence(string subject) =>
        $"{subject} must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{QualifiedPattern}')";

    private static IEnumerable<string> Errors(string name, int maximum, Regex shape, string sentence)
    {
        if (name.Length > maximum)
        {
            yield return $"must be no more than {maximum} bytes";
        }

        if (!shape.IsMatch(name))
        {
            yield return sentence;
        }
    }

    [GeneratedRegex("^" + LabelPattern + "$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    public static partial Regex Label();

    [GeneratedRegex("^" + LabelPattern + @"(\." + LabelPattern + ")*$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    public static partial Regex Subdomain();

    [GeneratedRegex("^[a-z]([-a-z0-9]*[a-z0-9])?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    public static partial Regex Label1035();

    [GeneratedRegex("^" + QualifiedPattern + "$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Qualified();

    [GeneratedRegex("^[-._a-zA-Z0-9]+$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ConfigKey();
}
