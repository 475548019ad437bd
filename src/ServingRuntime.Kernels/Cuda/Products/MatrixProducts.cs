using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Kernels.Cuda.Device;
using Octavo.ServingRuntime.Kernels.Cuda.Launch;
using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.ServingRuntime.Kernels.Cuda.Products;

/// <summary>
/// Products of activations and dense weights on one stream, by cuBLASLt. Sums are float32, and float32 inputs are multiplied as such, never rounded to TF32.
/// What the library chose for a shape is kept, so a steady state allocates nothing and asks nothing. One thread; disposed before the device.
/// </summary>
internal sealed class MatrixProducts : IDisposable
{
    /// <summary>What NVIDIA advises for Hopper; one for the stream.</summary>
    private const int WorkspaceBytes = 32 << 20;

    // Shapes differ by the number of rows alone; beyond so many the oldest way is to begin anew.
    private const int MaxPlans = 4096;
    private readonly CublasLtApi api;
    private readonly LibraryHandle handle;
    private readonly CudaStream stream;
    private readonly DeviceMemory workspace;
    private readonly Dictionary<ProductShape, ProductPlan> plans = [];

    /// <exception cref="CublasException">The library cannot use the device.</exception>
    public MatrixProducts(LoadedLibrary library, CudaDevice device, CudaStream stream)
    {
        api = new CublasLtApi(library);
        this.stream = stream;
        device.Context.MakeCurrent();
        handle = new LibraryHandle(api);
        try
        {
            workspace = device.Allocate(WorkspaceBytes, CudaMemoryPurpose.Activations);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>cuBLASLt's, such as 12.4.5.</summary>
    public unsafe string Version
    {
        get
        {
            var number = (int)api.GetVersion();
            return $"{number / 10000}.{number / 100 % 100}.{number % 100}";
        }
    }

    /// <summary>Shapes that a way is kept for.</summary>
    public int PlanCount => plans.Count;

    /// <summary>output [M, N] = x [M, K] · weight [N, K]ᵀ (+ bias [N]).</summary>
    /// <param name="x">float32, bfloat16 or float16, like the weight; dense or strided.</param>
    /// <param name="weight">Dense, at the beginning of its memory.</param>
    /// <param name="bias">Of the output's type.</param>
    /// <param name="output">Of the inputs' type or float32.</param>
    public unsafe void Multiply(in Tensor x, in Tensor weight, in Tensor? bias, in Tensor output)
    {
        int m = x.Shape[0], k = weight.Shape[1], n = weight.Shape[0];
        Cpu.Arguments.That(
            KernelNames.IsActivation(x.DType) && x.DType == weight.DType && (output.DType == x.DType || output.DType == DType.Float32), $"a product of {x.DType} and {weight.DType} in {output.DType}");
        Cpu.Arguments.That(weight.IsDense && x.Shape.Rank == 2 && x.Shape[1] == k, $"x {x.Shape} by a weight {weight.Shape}");
        Cpu.Arguments.That(output.Shape.Rank == 2 && output.Shape[0] == m && output.Shape[1] == n, $"an output {output.Shape} of x {x.Shape} by a weight {weight.Shape}");
        if (bias is { } vector)
        {
            Cpu.Arguments.Vector(vector, output.DType, n);
        }

        if (m == 0)
        {
            return;
        }

        nint from = (nint)x.Pointer<byte>(), to = (nint)output.Pointer<byte>();
        var shape = new ProductShape(m, n, k, x.DType, output.DType, x.RowStride, output.RowStride, ProductShape.Alignment(from), ProductShape.Alignment(to), bias is not null);
        var biasAddress = bias is { } added ? (nint)added.Pointer<byte>() : 0;
        if (!plans.TryGetValue(shape, out var plan))
        {
            plan = Plan(shape, biasAddress);
        }

        try
        {
            plan.Run(
                handle.Value, (nint)weight.Pointer<byte>(), from, biasAddress, to, workspace.Address, WorkspaceBytes, stream.Value);
        }
        catch (CublasException)
        {
            // Where the device is lost the driver's own words say more than the library's "internal error".
            stream.Synchronize();
            throw;
        }
    }

    public void Dispose()
    {
        Forget();
        workspace.Dispose();
        handle.Dispose();
    }

    private ProductPlan Plan(ProductShape shape, nint bias)
    {
        if (plans.Count == MaxPlans)
        {
            Forget();
        }

        stream.Context.MakeCurrent();
        var plan = new ProductPlan(api, handle.Value, shape, bias, WorkspaceBytes);
        plans.Add(shape, plan);
        return plan;
    }

    private void Forget()
    {
        foreach (var plan in plans.Values)
        {
            plan.Dispose();
        }

        plans.Clear();
    }

    private sealed unsafe class LibraryHandle : SafeHandle
    {
        private readonly CublasLtApi api;

        public LibraryHandle(CublasLtApi api) : base(0, ownsHandle: true)
        {
            this.api = api;
            nint made;
            var status = api.Create(&made);
            if (status != 0)
            {
                throw new CublasException("starting cuBLASLt", "cublasLtCreate", status);
            }

            SetHandle(made);
        }

        public nint Value => handle;

        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle() => api.Destroy(handle) == 0;
    }
}
