namespace Octavo.ServingRuntime.Kernels.Cuda.Products;

/// <summary>One shape's description, layouts and algorithm. cuBLASLt counts by columns, so what is [M, N] by rows is N x M to it, and the weight is its A, transposed.</summary>
internal sealed unsafe class ProductPlan : IDisposable
{
    private const int Compute32F = 68, Real32F = 0, Real16F = 2, RealBFloat16 = 14;
    private const int TransposeA = 3, Epilogue = 7, BiasPointer = 8, EpilogueBias = 4, Transposed = 1;
    private const int MaxWorkspaceBytes = 1, ReductionSchemes = 3, ReductionInComputeType = 2, MinAlignmentA = 5, MinAlignmentB = 6, MinAlignmentC = 7, MinAlignmentD = 8;
    private const int WeightAlignment = 256;
    private readonly CublasLtApi api;
    private readonly nint description;
    private readonly nint weightLayout;
    private readonly nint inputLayout;
    private readonly nint outputLayout;
    private readonly ProductShape shape;
    private ProductAlgorithm algorithm;

    /// <param name="bias">One that is as aligned as any; 0 where the shape has none. What is chosen may depend on there being one.</param>
    /// <exception cref="CublasException">The library has no algorithm for the shape.</exception>
    public ProductPlan(CublasLtApi api, nint handle, ProductShape shape, nint bias, nuint workspaceBytes)
    {
        this.api = api;
        this.shape = shape;
        var type = Real(shape.Inputs);
        try
        {
            description = Make("cublasLtMatmulDescCreate", made => api.DescCreate((nint*)made, Compute32F, Real32F));
            Set(TransposeA, Transposed);
            if (shape.HasBias)
            {
                Set(Epilogue, EpilogueBias);
                SetBias(bias);
            }

            weightLayout = Make("cublasLtMatrixLayoutCreate", made => api.LayoutCreate((nint*)made, type, (ulong)shape.K, (ulong)shape.N, shape.K));
            inputLayout = Make("cublasLtMatrixLayoutCreate", made => api.LayoutCreate((nint*)made, type, (ulong)shape.K, (ulong)shape.M, shape.InputStride));
            outputLayout = Make("cublasLtMatrixLayoutCreate", made => api.LayoutCreate((nint*)made, Real(shape.Outputs), (ulong)shape.N, (ulong)shape.M, shape.OutputStride));
            Choose(handle, workspaceBytes);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Enqueues output = x · weightᵀ (+ bias).</summary>
    /// <param name="bias">0 where the shape has none.</param>
    public void Run(nint handle, nint weight, nint x, nint bias, nint output, nint workspace, nuint workspaceBytes, nint stream)
    {
        if (shape.HasBias)
        {
            SetBias(bias);
        }

        float one = 1, zero = 0;
        fixed (ProductAlgorithm* chosen = &algorithm)
        {
            Check(
                api.Matmul(
                    handle, description, &one, weight, weightLayout, x, inputLayout, &zero, output, outputLayout, output, outputLayout, chosen, workspace, workspaceBytes, stream),
                "cublasLtMatmul");
        }
    }

    public void Dispose()
    {
        foreach (var layout in (ReadOnlySpan<nint>)[weightLayout, inputLayout, outputLayout])
        {
            if (layout != 0)
            {
                _ = api.LayoutDestroy(layout);
            }
        }

        if (description != 0)
        {
            _ = api.DescDestroy(description);
        }
    }

    private void Choose(nint handle, nuint workspaceBytes)
    {
        var preference = Make("cublasLtMatmulPreferenceCreate", made => api.PreferenceCreate((nint*)made));
        try
        {
            Prefer(MaxWorkspaceBytes, &workspaceBytes, (nuint)sizeof(nuint));

            // A product that is cut along K may else be put together in the output's type: its sum would be rounded at every part.
            PreferInt(ReductionSchemes, ReductionInComputeType);
            PreferInt(MinAlignmentA, WeightAlignment);
            PreferInt(MinAlignmentB, shape.InputAlignment);
            PreferInt(MinAlignmentC, shape.OutputAlignment);
            PreferInt(MinAlignmentD, shape.OutputAlignment);
            int found;
            fixed (ProductAlgorithm* result = &algorithm)
            {
                Check(api.AlgoGetHeuristic(handle, description, weightLayout, inputLayout, outputLayout, outputLayout, preference, 1, result, &found), "cublasLtMatmulAlgoGetHeuristic");
            }

            if (found == 0 || algorithm.State != 0)
            {
                throw new CublasException($"looking for a way to compute {shape}", "cublasLtMatmulAlgoGetHeuristic", 15);
            }
        }
        finally
        {
            _ = api.PreferenceDestroy(preference);
        }

        void PreferInt(int attribute, int number)
        {
            var value = (uint)number;
            Prefer(attribute, &value, sizeof(uint));
        }

        void Prefer(int attribute, void* value, nuint bytes) => Check(api.PreferenceSetAttribute(preference, attribute, value, bytes), "cublasLtMatmulPreferenceSetAttribute");
    }

    private static int Real(DType dtype) => dtype switch { DType.Float32 => Real32F, DType.BFloat16 => RealBFloat16, _ => Real16F };

    private void Set(int attribute, int value) => Check(api.DescSetAttribute(description, attribute, &value, sizeof(int)), "cublasLtMatmulDescSetAttribute");

    private void SetBias(nint bias) => Check(api.DescSetAttribute(description, BiasPointer, &bias, (nuint)sizeof(nint)), "cublasLtMatmulDescSetAttribute");

    private nint Make(string call, Func<nint, int> make)
    {
        nint made = 0;
        Check(make((nint)(&made)), call);
        return made;
    }

    private void Check(int status, string call)
    {
        if (status != 0)
        {
            throw new CublasException($"computing {shape}", call, status);
        }
    }
}
