namespace Octavo.ServingRuntime.Engine.ModelLoader.Gguf;

/// <summary>How the numbers of a row lie: in blocks of so many bytes, and of those that can be computed with, how wide and in which groups.</summary>
/// <param name="BlockSize">Numbers of a block; 1: plain numbers.</param>
/// <param name="BlockBytes">Bytes of a block.</param>
/// <param name="Bits">4 or 8: what holds a block's whole numbers; 0: none, or a form that is not read.</param>
/// <param name="GroupSize">Numbers that share a scale.</param>
internal sealed record GgufTensorFormat(GgufTensorType Type, int BlockSize, int BlockBytes, int Bits = 0, int GroupSize = 0)
{
    private static readonly Dictionary<GgufTensorType, GgufTensorFormat> Known = new GgufTensorFormat[]
    {
        new(GgufTensorType.F32, 1, 4), new(GgufTensorType.F16, 1, 2), new(GgufTensorType.BF16, 1, 2), new(GgufTensorType.F64, 1, 8),
        new(GgufTensorType.I8, 1, 1), new(GgufTensorType.I16, 1, 2), new(GgufTensorType.I32, 1, 4), new(GgufTensorType.I64, 1, 8),
        new(GgufTensorType.Q4_0, 32, 18, 4, 32), new(GgufTensorType.Q4_1, 32, 20, 4, 32), new(GgufTensorType.Q5_0, 32, 22, 8, 32), new(GgufTensorType.Q5_1, 32, 24, 8, 32),
        new(GgufTensorType.Q8_0, 32, 34, 8, 32), new(GgufTensorType.Q8_1, 32, 36), new(GgufTensorType.Q8_K, 256, 292),
        new(GgufTensorType.Q2_K, 256, 84, 4, 16), new(GgufTensorType.Q3_K, 256, 110, 4, 16), new(GgufTensorType.Q4_K, 256, 144, 4, 32),
        new(GgufTensorType.Q5_K, 256, 176, 8, 32), new(GgufTensorType.Q6_K, 256, 210, 8, 16),
        new(GgufTensorType.IQ4_NL, 32, 18, 8, 32), new(GgufTensorType.IQ4_XS, 256, 136, 8, 32),
        new(GgufTensorType.IQ1_S, 256, 50), new(GgufTensorType.IQ1_M, 256, 56), new(GgufTensorType.IQ2_XXS, 256, 66), new(GgufTensorType.IQ2_XS, 256, 74), new(GgufTensorType.IQ2_S, 256, 82),
        new(GgufTensorType.IQ3_XXS, 256, 98), new(GgufTensorType.IQ3_S, 256, 110), new(GgufTensorType.TQ1_0, 256, 54), new(GgufTensorType.TQ2_0, 256, 66),
        new(GgufTensorType.MXFP4, 32, 17), new(GgufTensorType.NVFP4, 64, 36),
    }.ToDictionary(format => format.Type);

    public bool IsQuantized => BlockSize > 1;

    /// <summary>Whether tensors of this form can be loaded.</summary>
    public bool IsRead => Bits > 0 || Type is GgufTensorType.F32 or GgufTensorType.F16 or GgufTensorType.BF16;

    public static IEnumerable<string> Readable => Known.Values.Where(format => format.IsRead).Select(format => format.Type.ToString());

    /// <summary>Null: a number that stands for no form.</summary>
    public static GgufTensorFormat? Find(uint type) => type <= int.MaxValue ? Known.GetValueOrDefault((GgufTensorType)type) : null;
}
