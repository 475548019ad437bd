using System.Collections.Concurrent;
using System.Diagnostics;

namespace Octavo.LocalCluster.Node.Processes;

/// <summary>
/// Starts processes from one thread that lives as long as the node. The kernel's parent-death signal fires when the creating <em>thread</em> ends,
/// so a child started from a pool thread would be killed when the pool shrinks.
/// </summary>
internal sealed class ProcessStarter : IDisposable
{
    private readonly BlockingCollection<(ProcessStartInfo Info, TaskCompletionSource<Process> Result)> requests = [];
    private readonly Thread thread;

    public ProcessStarter()
    {
        thread = new Thread(Run) { IsBackground = true, Name = "process-starter" };
        thread.Start();
    }

    /// <summary>Throws what <see cref="Process.Start(ProcessStartInfo)"/> throws.</summary>
    public Task<Process> StartAsync(ProcessStartInfo info)
    {
        var result = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        requests.Add((info, result));
        return result.Task;
    }

    /// <summary>Ends the thread, and with it every child that still runs.</summary>
    public void Dispose()
    {
        if (!requests.IsAddingCompleted)
        {
            requests.CompleteAdding();
            thread.Join();
        }
    }

    private void Run()
    {
        foreach (var (info, result) in requests.GetConsumingEnumerable())
        {
            try
            {
                result.SetResult(Process.Start(info) ?? throw new InvalidOperationException($"{info.FileName} did not start"));
            }
            catch (Exception exception)
            {
                // Handed to the caller, who reports it as the container's state.
                result.SetException(exception);
            }
        }
    }
}
