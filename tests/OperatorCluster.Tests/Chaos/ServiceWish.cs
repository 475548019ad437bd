using Octavo.Operator.Entities;

namespace Octavo.OperatorCluster.Tests.Chaos;

/// <summary>What a user wants of one service.</summary>
/// <param name="Accelerators">Of each replica; 0: it computes on CPU.</param>
/// <param name="Variant">Something of the pod template: another number means another revision.</param>
/// <param name="SharesModel">Its model lies on a claim, where one Job fetches it for all services that want it.</param>
internal sealed record ServiceWish(int Replicas, int Accelerators, int Variant, bool SharesModel = false)
{
    public const string Claim = "models";

    public const string Resource = "nvidia.com/gpu";

    public const int DrainSeconds = 5;

    public int AcceleratorsInAll => Replicas * Accelerators;

    public InferenceServiceSpec ToSpec() => new()
    {
        Model = new ModelSpec { Uri = SharesModel ? "hf://org/shared" : "file:///models/tiny" },
        Storage = SharesModel ? new StorageSpec { ClaimName = Claim, Fill = "Job" } : null,
        Replicas = Replicas,
        Runtime = new RuntimeSpec { Image = Accelerators > 0 ? "example.com/runtime:1" : null, Engine = new EngineSpec { MaxModelLen = 1024 + Variant } },
        Accelerator = Accelerators > 0 ? new AcceleratorSpec { Resource = Resource, Count = Accelerators } : null,
        Rollout = new RolloutSpec { DrainSeconds = DrainSeconds },
    };
}
