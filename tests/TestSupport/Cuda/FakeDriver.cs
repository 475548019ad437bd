using System.Runtime.InteropServices;

namespace Octavo.TestSupport.Cuda;

/// <summary>What tests plan and read of the fake libcuda.so.1, beside the driver's own entry points.</summary>
public sealed unsafe class FakeDriver(nint library)
{
    /// <summary>Every call since the last reset.</summary>
    public IReadOnlyList<string> Calls => (Text("fake_log") ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>What a kernel did wrong.</summary>
    public string? Failure => Text("fake_failure");

    /// <summary>Bytes of device memory in use.</summary>
    public ulong UsedBytes => ((delegate* unmanaged[Cdecl]<ulong>)Export("fake_used"))();

    /// <summary>Allocations, streams, events and modules that were not given back.</summary>
    public int Live => ((delegate* unmanaged[Cdecl]<int>)Export("fake_live"))();

    public void Reset() => ((delegate* unmanaged[Cdecl]<void>)Export("fake_reset"))();

    /// <summary>Lets a call fail once.</summary>
    /// <param name="nth">1: the next one.</param>
    public void Fail(string call, int nth, int code)
    {
        fixed (byte* name = System.Text.Encoding.UTF8.GetBytes(call + '\0'))
        {
            ((delegate* unmanaged[Cdecl]<byte*, int, int, void>)Export("fake_fail"))(name, nth, code);
        }
    }

    public void Become(int devices = 1, int driverVersion = 13000, int major = 9, int minor = 0, ulong bytes = 1 << 30) =>
        ((delegate* unmanaged[Cdecl]<int, int, int, int, ulong, void>)Export("fake_device"))(devices, driverVersion, major, minor, bytes);

    private string? Text(string export) => Marshal.PtrToStringUTF8((nint)((delegate* unmanaged[Cdecl]<byte*>)Export(export))());

    private nint Export(string name) => NativeLibrary.GetExport(library, name);
}
