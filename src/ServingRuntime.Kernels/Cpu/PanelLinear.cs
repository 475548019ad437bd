namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>A weight in panels of two vectors of outputs, whatever its numbers are.</summary>
internal abstract class PanelLinear(int inFeatures, int outFeatures, int panelWidth) : LinearWeight(inFeatures, outFeatures)
{
    public int PanelWidth { get; } = panelWidth;

    public int Panels { get; } = (outFeatures + panelWidth - 1) / panelWidth;
}
