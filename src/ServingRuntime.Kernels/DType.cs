namespace Octavo.ServingRuntime.Kernels;

/// <summary>Element types that kernels know.</summary>
public enum DType
{
    Float32,
    BFloat16,
    Float16,
    Int32,
}
