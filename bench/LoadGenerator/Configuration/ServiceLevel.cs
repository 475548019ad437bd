using System.Globalization;
using Octavo.LoadGenerator.Client;

namespace Octavo.LoadGenerator.Configuration;

/// <summary>
/// What makes an answer good, in milliseconds (null: no demand); goodput counts only such. Latencies count from the scheduled arrival: a request that the client held
/// back is no better for it.
/// </summary>
internal sealed record ServiceLevel(double? TimeToFirstToken, double? TimePerOutputToken, double? EndToEnd)
{
    public bool IsMetBy(RequestResult result) =>
        result.Error is null
        && !(result.ArrivalTimeToFirstToken * 1000 > TimeToFirstToken)
        && !(result.TimePerOutputToken * 1000 > TimePerOutputToken)
        && !(result.ArrivalEndToEnd * 1000 > EndToEnd);

    /// <summary>From words such as <c>ttft:200 tpot:50 e2el:5000</c>; null where one is not such.</summary>
    public static ServiceLevel? Parse(IEnumerable<string> words)
    {
        var level = new ServiceLevel(null, null, null);
        foreach (var word in words)
        {
            if (word.Split(':') is not [var name, var text] || !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var limit) || !(limit > 0))
            {
                return null;
            }

            switch (name)
            {
                case "ttft":
                    level = level with { TimeToFirstToken = limit };
                    break;
                case "tpot":
                    level = level with { TimePerOutputToken = limit };
                    break;
                case "e2el":
                    level = level with { EndToEnd = limit };
                    break;
                default:
                    return null;
            }
        }

        return level;
    }

    public override string ToString() => string.Join(' ', new[] { ("ttft", TimeToFirstToken), ("tpot", TimePerOutputToken), ("e2el", EndToEnd) }
        .Where(p => p.Item2 is not null).Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Item1}:{p.Item2}")));
}
