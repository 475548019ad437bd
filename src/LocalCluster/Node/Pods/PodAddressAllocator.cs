using System.Net;

namespace Octavo.LocalCluster.Node.Pods;

/// <summary>
/// Gives each pod a loopback address of its own from 127.1.0.0/16. An address is held by an exclusively opened file, so that several nodes on one machine
/// (a demo, a test run) never give out the same one; the lock goes with the process, however it ends.
/// </summary>
internal sealed class PodAddressAllocator(string? lockFolder = null) : IDisposable
{
    private const int First = 1;
    private const int Last = 0xFFFE;

    private readonly Lock gate = new();
    private readonly Dictionary<string, FileStream> held = [];
    private readonly string folder = lockFolder ?? Path.Combine(Path.GetTempPath(), $"octavo-pod-addresses-{Environment.UserName}");
    private int next = First;

    /// <summary>An address that nobody uses; throws when all are taken.</summary>
    public string Allocate()
    {
        lock (gate)
        {
            Directory.CreateDirectory(folder);
            for (var tried = First; tried <= Last; tried++)
            {
                var number = next;
                next = next == Last ? First : next + 1;
                var address = new IPAddress([127, 1, (byte)(number >> 8), (byte)number]).ToString();
                if (!held.ContainsKey(address) && TryLock(address) is { } file)
                {
                    held[address] = file;
                    return address;
                }
            }
        }

        throw new InvalidOperationException("all pod addresses in 127.1.0.0/16 are in use");
    }

    public void Free(string address)
    {
        lock (gate)
        {
            if (held.Remove(address, out var file))
            {
                file.Dispose();
            }
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            foreach (var file in held.Values)
            {
                file.Dispose();
            }

            held.Clear();
        }
    }

    private FileStream? TryLock(string address)
    {
        try
        {
            return new FileStream(Path.Combine(folder, address), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null; // Held by another node.
        }
    }
}
