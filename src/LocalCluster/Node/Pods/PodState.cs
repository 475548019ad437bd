using System.Threading.Channels;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Node.Pods;

/// <summary>The shared state of one pod on this node: its object as last seen and a snapshot that its containers change. Thread-safe.</summary>
internal sealed class PodState(V1Pod pod, PodSnapshot snapshot)
{
    private readonly Lock gate = new();
    private readonly Channel<bool> changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private V1Pod pod = pod;
    private PodSnapshot snapshot = snapshot;

    /// <summary>One item whenever something has changed since the last one was taken.</summary>
    public ChannelReader<bool> Changes => changes.Reader;

    public V1Pod Pod
    {
        get
        {
            lock (gate)
            {
                return pod;
            }
        }
    }

    public PodSnapshot Snapshot
    {
        get
        {
            lock (gate)
            {
                return snapshot;
            }
        }
    }

    public string FullName => $"{Pod.Metadata.Name}_{Pod.Metadata.NamespaceProperty}({Pod.Metadata.Uid})";

    public void SetPod(V1Pod newer)
    {
        lock (gate)
        {
            pod = newer;
        }

        changes.Writer.TryWrite(true);
    }

    public void Change(Func<PodSnapshot, PodSnapshot> change)
    {
        lock (gate)
        {
            snapshot = change(snapshot);
        }

        changes.Writer.TryWrite(true);
    }

    /// <summary>Changes one container's snapshot; names are unique over init containers and containers.</summary>
    public void ChangeContainer(string name, Func<ContainerSnapshot, ContainerSnapshot> change) => Change(s => s with
    {
        InitContainers = [.. s.InitContainers.Select(c => c.Name == name ? change(c) : c)],
        Containers = [.. s.Containers.Select(c => c.Name == name ? change(c) : c)],
    });

    public ContainerSnapshot Container(string name) => Snapshot.InitContainers.Concat(Snapshot.Containers).First(c => c.Name == name);
}
