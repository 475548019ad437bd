using System.Xml;
using System.Xml.Linq;

namespace Octavo.ServingRuntime.Fetch.Sources.S3;

/// <summary>The code of an error document; its message may repeat a key or a signature and is left out.</summary>
internal static class S3Error
{
    public static string? CodeOf(byte[] body)
    {
        try
        {
            var code = XDocument.Load(new MemoryStream(body)).Descendants().FirstOrDefault(e => e.Name.LocalName == "Code")?.Value;
            return code is { Length: > 0 and < 100 } && code.All(char.IsAsciiLetterOrDigit) ? code : null;
        }
        catch (XmlException)
        {
            // A proxy's page, or nothing: the status has to do.
            return null;
        }
    }
}
