using System.Runtime.InteropServices;

namespace Octavo.LocalCluster.Node.Processes;

/// <summary>The few calls of the C library that process supervision needs.</summary>
internal static class Libc
{
    public const int SigKill = 9;
    public const int SigPipe = 13;
    public const int SigTerm = 15;

    private const int SetParentDeathSignal = 1;

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static extern int Kill(int pid, int signal);

    [DllImport("libc", EntryPoint = "setsid", SetLastError = true)]
    public static extern int SetSid();

    [DllImport("libc", EntryPoint = "getppid")]
    public static extern int GetParentPid();

    [DllImport("libc", EntryPoint = "signal")]
    public static extern nint Signal(int signal, nint handler);

    [DllImport("libc", EntryPoint = "execvp", SetLastError = true)]
    public static extern int ExecVp(nint file, nint[] arguments);

    /// <summary>Asks the kernel to send <paramref name="signal"/> to this process when the thread that created it ends. Linux only.</summary>
    public static void DieWithParent(int signal)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = PrCtl(SetParentDeathSignal, signal, 0, 0, 0);
        }
    }

    [DllImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static extern int PrCtl(int option, nint argument2, nint argument3, nint argument4, nint argument5);
}
