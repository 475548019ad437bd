using System.Globalization;
using System.Text;

namespace Octavo.LocalCluster.Node.Logs;

/// <summary>One line of a <see cref="ContainerLog"/>, taken apart.</summary>
internal readonly record struct LogLine(DateTimeOffset Time, string Stamp, byte[] Text, bool Partial)
{
    /// <summary>Null for a line that is not in the CRI's format.</summary>
    public static LogLine? Parse(ReadOnlySpan<byte> line)
    {
        var stampLength = line.IndexOf((byte)' ');
        if (stampLength <= 0)
        {
            return null;
        }

        var afterStamp = line[(stampLength + 1)..];
        var streamLength = afterStamp.IndexOf((byte)' ');
        if (streamLength <= 0 || afterStamp.Length < streamLength + 3)
        {
            return null;
        }

        var stamp = Encoding.ASCII.GetString(line[..stampLength]);
        return DateTimeOffset.TryParse(stamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? new LogLine(time, stamp, afterStamp[(streamLength + 3)..].ToArray(), afterStamp[streamLength + 1] == (byte)'P')
            : null;
    }
}
