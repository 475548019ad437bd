using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Launch;
using Octavo.ServingRuntime.Kernels.Cuda.Native;
using Octavo.ServingRuntime.Kernels.Cuda.Products;

namespace Octavo.ServingRuntime.Kernels.Cuda;

/// <content>Work on rows.</content>
public sealed partial class CudaBackend
{
    /// <inheritdoc/>
    /// <remarks>That of the products, so that nothing is rounded twice and half the bytes move.</remarks>
    public DType ActivationType(DType products) => products;

    public Tensor CreateTable(in Tensor host)
    {
        Arguments.That(host.Shape.Rank == 2, $"a table {host.Shape}");
        var table = Allocate(host.Shape, host.DType, CudaMemoryPurpose.Weights);
        try
        {
            HostRows.Upload(host, table, copies);
            return table;
        }
        catch
        {
            table.Memory.Dispose();
            throw;
        }
    }

    public LinearWeight? LinearOfTable(in Tensor table, DType dtype) => table.DType == dtype ? DenseWeight.Over(table) : null;

    public void Embedding(in Tensor table, in Tensor ids, in Tensor output) => launcher.Embedding(table, ids, output);

    public void RmsNorm(in Tensor x, in Tensor weight, float epsilon, in Tensor output) => launcher.RmsNorm(x, weight, epsilon, output);

    public void AddRmsNorm(in Tensor x, in Tensor residual, in Tensor weight, float epsilon, in Tensor output) => launcher.AddRmsNorm(x, residual, weight, epsilon, output);

    public void RotaryEmbedding(in Tensor x, int headDim, in Tensor positions, in Tensor cosSin, bool interleaved = false) =>
        launcher.RotaryEmbedding(x, headDim, positions, cosSin, interleaved);

    public void RotateAndStore(in Tensor projected, HeadNorms? norms, in Tensor positions, in RotaryTable table, KeyValueBlocks blocks, in Tensor slots) =>
        launcher.RotateAndStore(projected, norms, positions, table, blocks, slots);

    public void HeadRmsNorm(in Tensor x, int headDim, in Tensor weight, float epsilon) => launcher.HeadRmsNorm(x, headDim, weight, epsilon);

    public void Copy(in Tensor source, in Tensor destination) => launcher.Copy(source, destination);

    public void Fill(in Tensor x, float value) => launcher.Fill(x, value);

    public void Scale(in Tensor x, float factor) => launcher.Scale(x, factor);

    public void SoftCap(in Tensor x, float cap) => launcher.SoftCap(x, cap);

    public void ActivationMul(GatedActivation activation, in Tensor gateUp, in Tensor output) => launcher.ActivationMul(activation, gateUp, output);

    public void TopExperts(in Tensor logits, int k, bool renormalize, in Tensor experts, in Tensor weights) => launcher.TopExperts(logits, k, renormalize, experts, weights);

    public void ScatterAddRows(in Tensor x, in Tensor rows, in Tensor weights, in Tensor output) => launcher.ScatterAddRows(x, rows, weights, output);

    public void GatherRows(in Tensor x, in Tensor rows, in Tensor output) => launcher.GatherRows(x, rows, output);

    public void ArgMax(in Tensor logits, in Tensor tokens)
    {
        Arguments.Matrix(logits, logits.Shape[0], logits.Shape[1]);
        var count = KernelLauncher.ArgMaxCandidates(logits.Shape[0], logits.Shape[1]);
        launcher.ArgMax(logits, tokens, candidates.Of(new TensorShape(checked((int)(2 * count))), DType.Int32).Memory);
    }

    public void LogSoftmax(in Tensor logits, in Tensor output) => launcher.LogSoftmax(logits, output);
}
