using System.Runtime.InteropServices;

namespace Octavo.LocalCluster.Node.Processes;

/// <summary>
/// The hidden verb <c>exec-child PARENT_PID COMMAND ARGS...</c>: becomes the leader of a session of its own, ties its life to the node's,
/// and turns into the command. It replaces itself, so the command keeps the process id and costs nothing afterwards.
/// </summary>
internal static class ExecChild
{
    public const string Verb = "exec-child";

    /// <summary>Returns only if the command could not be executed: 127 not found, 126 not executable.</summary>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        if (arguments.Length < 2 || !int.TryParse(arguments[0], out var parent))
        {
            Console.Error.WriteLine($"usage: octavo-local {Verb} PARENT_PID COMMAND [ARGS...]");
            return 2;
        }

        _ = Libc.SetSid();
        Libc.DieWithParent(Libc.SigKill);
        if (Libc.GetParentPid() != parent)
        {
            // The node died before the tie was made; nobody would ever stop this process.
            return 128 + Libc.SigKill;
        }

        // The runtime ignores SIGPIPE and an ignored signal stays ignored across exec, which a container does not expect.
        _ = Libc.Signal(Libc.SigPipe, 0);
        var command = arguments[1..];
        var vector = new nint[command.Length + 1]; // The last one stays null, as the call wants it.
        for (var i = 0; i < command.Length; i++)
        {
            vector[i] = Marshal.StringToCoTaskMemUTF8(command[i]);
        }

        _ = Libc.ExecVp(vector[0], vector);
        var error = Marshal.GetLastPInvokeError();
        Console.Error.WriteLine($"exec: \"{command[0]}\": {Marshal.GetPInvokeErrorMessage(error)}");
        return error == 2 ? 127 : 126;
    }
}
