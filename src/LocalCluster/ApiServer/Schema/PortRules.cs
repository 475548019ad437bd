using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>Rules of port numbers and names.</summary>
internal static class PortRules
{
    private const string Range = "must be between 1 and 65535, inclusive";

    public static void Number(JsonNode? port, string path, List<FieldError> errors)
    {
        if (port.AsWhole() is not { } number || number is < 1 or > 65535)
        {
            errors.Add(FieldError.Invalid(path, port is null ? "0" : port.Print(), Range));
        }
    }

    public static void NumberOrName(JsonNode? port, string path, List<FieldError> errors)
    {
        if (port.AsText() is not { } name)
        {
            Number(port, path, errors);
            return;
        }

        foreach (var problem in NameProblems(name))
        {
            errors.Add(FieldError.Invalid(path, JsonValues.Quote(name), problem));
        }
    }

    public static IEnumerable<string> NameProblems(string name)
    {
        if (name.Length > 15)
        {
            yield return "must be no more than 15 characters";
        }

        if (name.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-'))
        {
            yield return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)";
        }

        if (!name.Any(char.IsAsciiLetter))
        {
            yield return "must contain at least one letter (a-z)";
        }

        if (name.Contains("--", StringComparison.Ordinal))
        {
            yield return "must not contain consecutive hyphens";
        }

        if (name.StartsWith('-') || name.EndsWith('-'))
        {
            yield return "must not begin or end with a hyphen";
        }
    }
}
