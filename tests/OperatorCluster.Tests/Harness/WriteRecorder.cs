using System.Collections.Concurrent;
using System.Reflection;
using Octavo.KubernetesClient;

namespace Octavo.OperatorCluster.Tests.Harness;

/// <summary>What the operators of a cluster write, in one order, taken down before each request is sent.</summary>
internal sealed class WriteRecorder
{
    private readonly ConcurrentQueue<RecordedWrite> writes = new();
    private long count;

    public IReadOnlyCollection<RecordedWrite> Writes => writes;

    public IKubernetesClient Watch(string name, IKubernetesClient client)
    {
        var proxy = DispatchProxy.Create<IKubernetesClient, RecordingClient>();
        ((RecordingClient)(object)proxy).Begin(name, client, this);
        return proxy;
    }

    private void Add(string name, string verb, string kind) => writes.Enqueue(new RecordedWrite(Interlocked.Increment(ref count), name, verb, kind));

    /// <summary>Passes everything on. Not sealed: <see cref="DispatchProxy"/> derives from it.</summary>
    public class RecordingClient : DispatchProxy
    {
        private static readonly string[] Verbs = ["Create", "Update", "Patch", "Apply", "Delete"];
        private string name = "";
        private IKubernetesClient? client;
        private WriteRecorder? recorder;

        internal void Begin(string name, IKubernetesClient client, WriteRecorder recorder) => (this.name, this.client, this.recorder) = (name, client, recorder);

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (Verbs.FirstOrDefault(v => targetMethod!.Name.StartsWith(v, StringComparison.Ordinal)) is { } verb)
            {
                recorder!.Add(name, verb, targetMethod!.IsGenericMethod ? targetMethod.GetGenericArguments()[0].GetCustomAttribute<KubernetesEntityAttribute>()!.Kind : targetMethod.Name);
            }

            try
            {
                return targetMethod!.Invoke(client, args);
            }
            catch (TargetInvocationException exception) when (exception.InnerException is { } inner)
            {
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(inner);
                throw;
            }
        }
    }
}
