using System.Net;
using System.Net.Sockets;

namespace Octavo.Cli.Demo;

/// <summary>Chooses ports on loopback.</summary>
internal static class FreePort
{
    /// <summary><paramref name="preferred"/> if nothing listens there, else one that the system gives.</summary>
    public static int Choose(int preferred)
    {
        foreach (var port in (int[])[preferred, 0])
        {
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            catch (SocketException) when (port != 0)
            {
                // Taken: the next try asks the system for any free one.
            }
        }

        throw new DemoException("no free port on 127.0.0.1");
    }
}
