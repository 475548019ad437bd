namespace Octavo.EngineBench.Kernels;

/// <summary>A linear layer's shape.</summary>
internal sealed record LinearShape(string Name, int Inputs, int Outputs)
{
    /// <summary>Those of Qwen2.5-0.5B.</summary>
    public static IReadOnlyList<LinearShape> All { get; } =
    [
        new("qkv", 896, 1152), new("o", 896, 896), new("gate_up", 896, 9728), new("down", 4864, 896), new("lm_head", 896, 151936),
    ];

    public override string ToString() => $"{Name} {Inputs}x{Outputs}";
}
