namespace Octavo.ServingRuntime.Kernels.Profiling;

/// <summary>What calls of one operation took together.</summary>
/// <param name="Operation">The member of <see cref="IKernelBackend"/>, with the weight's shape where it is a product.</param>
/// <param name="MultiplyAdds">Of products; 0 of others.</param>
/// <param name="WeightBytes">Read by products if each call reads its weight once; 0 of others.</param>
public readonly record struct KernelTiming(string Operation, long Calls, long Ticks, long MultiplyAdds, long WeightBytes);
