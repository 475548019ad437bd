namespace Octavo.ServingRuntime.Kernels.Tests.Cuda;

/// <summary>Tests that share one driver, one after another.</summary>
[CollectionDefinition(Name)]
public sealed class CudaCollection : ICollectionFixture<CudaLibraries>
{
    public const string Name = "cuda";
}
