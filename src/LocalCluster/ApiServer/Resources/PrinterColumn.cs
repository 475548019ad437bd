namespace Octavo.LocalCluster.ApiServer.Resources;

/// <summary>One additionalPrinterColumn of a custom resource definition.</summary>
/// <param name="JsonPath">A simple JSONPath, such as `.status.conditions[?(@.type=="Ready")].status`.</param>
internal sealed record PrinterColumn(string Name, string Type, string Format, string Description, int Priority, string JsonPath);
