using System.Runtime.InteropServices;

namespace Octavo.TestSupport.Cuda;

/// <summary>A machine with a GPU that is none: kernels on the host behind the fake driver, compiler and libraries, found through the variable only. One at a time in a process.</summary>
public sealed unsafe class FakeMachine : IDisposable
{
    private const string Compiler = "libnvrtc.so.12";
    private readonly string folder = HostBuild.Build();
    private readonly string work = Directory.CreateTempSubdirectory("octavo-fake-gpu").FullName;
    private int folders;

    /// <summary>As in a new process, with a device of 1 GiB.</summary>
    public FakeMachine()
    {
        Driver = new FakeDriver(NativeLibrary.Load(Path.Combine(folder, "libcuda.so.1")));
        Driver.Reset();
        Refuse("");
    }

    /// <summary>Why there can be none here; null: there can.</summary>
    public static string? WhyNot => HostBuild.WhyNot;

    public FakeDriver Driver { get; }

    /// <summary>The environment of a process on it.</summary>
    public string? Variable(string name) => Variable(name, folder);

    /// <summary>The environment where one of the libraries is not installed, such as libnvrtc.so.12.</summary>
    public Func<string, string?> Without(string library)
    {
        var rest = Directory.CreateDirectory(Path.Combine(work, $"libraries-{folders++}")).FullName;
        foreach (var file in Directory.EnumerateFiles(folder, "lib*").Where(file => Path.GetFileName(file) != library))
        {
            File.CreateSymbolicLink(Path.Combine(rest, Path.GetFileName(file)), file);
        }

        return name => Variable(name, rest);
    }

    /// <summary>Lets the compiler find fault with a source, such as rows.cu; empty: with none.</summary>
    public void Refuse(string source)
    {
        fixed (byte* name = System.Text.Encoding.UTF8.GetBytes(source + '\0'))
        {
            ((delegate* unmanaged[Cdecl]<byte*, void>)NativeLibrary.GetExport(NativeLibrary.Load(Path.Combine(folder, Compiler)), "fake_refuse"))(name);
        }
    }

    public void Dispose() => Directory.Delete(work, recursive: true);

    /// <summary>The real cache of whoever runs the tests must not see what the fake compiles.</summary>
    private string? Variable(string name, string libraries) => name switch
    {
        "OCTAVO_CUDA_LIBRARIES" => libraries,
        "OCTAVO_CUDA_CACHE" => Path.Combine(work, "cache"),
        _ => null,
    };
}
