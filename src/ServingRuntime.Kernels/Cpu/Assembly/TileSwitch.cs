using System.Runtime.CompilerServices;
using static Iced.Intel.AssemblerRegisters;

namespace Octavo.ServingRuntime.Kernels.Cpu.Assembly;

/// <summary>Configures and releases the calling thread's tiles.</summary>
internal sealed unsafe class TileSwitch : IDisposable
{
    private readonly ExecutableCode configure = ExecutableCode.Assemble(a =>
    {
        a.ldtilecfg(__[rdi]);
        a.ret();
    });

    private readonly ExecutableCode release = ExecutableCode.Assemble(a =>
    {
        a.tilerelease();
        a.ret();
    });

    /// <param name="configuration">What <see cref="TileConfiguration"/> wrote. All tiles are zero afterwards.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Configure(byte* configuration) => ((delegate* unmanaged[SuppressGCTransition]<byte*, void>)configure.Address)(configuration);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Release() => ((delegate* unmanaged[SuppressGCTransition]<void>)release.Address)();

    public void Dispose()
    {
        configure.Dispose();
        release.Dispose();
    }
}
