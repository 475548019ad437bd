namespace Octavo.ServingRuntime.Kernels.Cuda.Products;

/// <summary>Experts on the device: tables of where their matrices are.</summary>
internal sealed class DeviceExperts(int count, GatedActivation activation, ExpertMatrix gateUp, ExpertMatrix down) : ExpertWeights(count, gateUp.InFeatures, down.InFeatures)
{
    public GatedActivation Activation => activation;

    public ExpertMatrix GateUp => gateUp;

    public ExpertMatrix Down => down;

    public override void Dispose()
    {
        gateUp.Dispose();
        down.Dispose();
    }
}
