using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.ServingRuntime.Kernels.Cuda.Device;

/// <summary>Device memory of one operation, as large as the largest so far. What one operation has put there the next one on the same stream may overwrite.</summary>
internal sealed class ScratchMemory(CudaDevice device) : IDisposable
{
    private DeviceMemory? memory;

    /// <summary>A tensor of undefined content, good until the next call.</summary>
    public Tensor Of(TensorShape shape, DType dtype)
    {
        var bytes = checked(shape.ElementCount * dtype.Size());
        if (memory is null || memory.Bytes < bytes)
        {
            // Freeing waits for the device, so what is under way ends first.
            memory?.Dispose();
            memory = null;
            memory = device.Allocate(bytes, CudaMemoryPurpose.Activations);
        }

        return new Tensor(memory, 0, shape, dtype);
    }

    public void Dispose() => memory?.Dispose();
}
