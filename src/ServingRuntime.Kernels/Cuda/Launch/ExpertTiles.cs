namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <summary>Which choices are of which expert, on the device: int32 lists [experts, tokens], counts [experts], places [limit, 2] of tiles of some rows.</summary>
internal readonly record struct ExpertTiles(Tensor Lists, Tensor Counts, Tensor Places, int Rows)
{
    public int Limit => Places.Shape[0];
}
