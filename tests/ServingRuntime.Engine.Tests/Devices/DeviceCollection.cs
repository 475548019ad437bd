namespace Octavo.ServingRuntime.Engine.Tests.Devices;

/// <summary>Tests on the fake GPU, which a process has one of: one after another.</summary>
[CollectionDefinition(Name)]
public sealed class DeviceCollection
{
    public const string Name = "device";
}
