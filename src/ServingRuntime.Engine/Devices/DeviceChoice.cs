using System.Globalization;

namespace Octavo.ServingRuntime.Engine.Devices;

/// <summary>What <see cref="EngineOptions.Device"/> says: auto, cpu, or cuda with the number of a device.</summary>
internal readonly record struct DeviceChoice(DeviceKind Kind, int Ordinal = 0)
{
    private const string CudaPrefix = "cuda:";

    public static bool TryParse(string text, out DeviceChoice choice)
    {
        var ordinal = 0;
        DeviceKind? kind = text switch
        {
            "auto" => DeviceKind.Auto,
            "cpu" => DeviceKind.Cpu,
            "cuda" => DeviceKind.Cuda,
            _ when text.StartsWith(CudaPrefix, StringComparison.Ordinal)
                && int.TryParse(text.AsSpan(CudaPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out ordinal) => DeviceKind.Cuda,
            _ => null,
        };
        choice = new DeviceChoice(kind ?? DeviceKind.Auto, ordinal);
        return kind is not null;
    }
}
