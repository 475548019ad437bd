namespace Octavo.ServingRuntime.Kernels;

/// <summary>Where memory lies and kernels run.</summary>
public readonly record struct Device(string Type, int Index = 0)
{
    public static Device Cpu => new("cpu");

    public override string ToString() => Type == "cpu" ? Type : $"{Type}:{Index}";
}
