using System.Runtime.InteropServices;

namespace Octavo.ServingRuntime.Kernels.Cuda.Compilation;

/// <summary>UTF-8 strings for the length of a native call.</summary>
internal sealed unsafe class NativeStrings : IDisposable
{
    private readonly List<nint> memory = [];

    public byte* Add(string text)
    {
        memory.Add(Marshal.StringToCoTaskMemUTF8(text));
        return (byte*)memory[^1];
    }

    public byte** Array(IReadOnlyList<string> texts)
    {
        memory.Add(Marshal.AllocCoTaskMem((texts.Count + 1) * sizeof(byte*)));
        var array = (byte**)memory[^1];
        for (var i = 0; i < texts.Count; i++)
        {
            array[i] = Add(texts[i]);
        }

        return array;
    }

    public void Dispose() => memory.ForEach(Marshal.FreeCoTaskMem);
}
