using System.Diagnostics.Metrics;
using Octavo.ServingRuntime.Engine.Metrics;
using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.ServingRuntime.Engine.Tests.Devices;

/// <summary>What metrics say of a device that fails.</summary>
[Collection(DeviceCollection.Name)]
public sealed class DeviceHealthTests : IMeterFactory
{
    private readonly Dictionary<string, (double Value, string? Device)> seen = new(StringComparer.Ordinal);
    private readonly DeviceBed bed = new();
    private readonly Meter meter = new("of this test");

    public void Dispose()
    {
        meter.Dispose();
        bed.Dispose();
    }

    public Meter Create(MeterOptions options) => meter;

    [SkippableTheory]
    [InlineData(999, 1)]
    [InlineData(2, 0)]
    public void AttachHealth_EngineEndedByItsDevice_TheDeviceIsLostWhereTheErrorStays(int code, int lost)
    {
        var fake = bed.Fake;
        using var backend = bed.Open();
        Exception? failure = null;
        new EngineMetrics(this, "m", 64).AttachHealth(backend.Device.ToString(), () => failure is null, () => failure);
        Observe();
        seen["octavo_engine_healthy"].Value.Should().Be(1);
        seen["octavo_device_lost"].Should().Be((0, "cuda:0"));

        fake.Driver.Fail("cuStreamSynchronize", 1, code);
        failure = Record.Exception(backend.CheckDevice);
        failure.Should().BeOfType<CudaException>();
        Observe();
        seen["octavo_engine_healthy"].Value.Should().Be(0);
        seen["octavo_device_lost"].Should().Be((lost, "cuda:0"));
    }

    [Fact]
    public void AttachHealth_OnTheCpu_NoDeviceThatCouldBeLost()
    {
        new EngineMetrics(this, "m", 64).AttachHealth("cpu", () => true, () => null);
        Observe();
        seen.Keys.Should().Contain("octavo_engine_healthy").And.NotContain("octavo_device_lost");
    }

    private void Observe()
    {
        using var listener = new MeterListener { InstrumentPublished = (instrument, listening) => { if (instrument.Meter == meter) { listening.EnableMeasurementEvents(instrument); } } };
        listener.SetMeasurementEventCallback<double>((instrument, value, labels, _) => Take(instrument, value, labels));
        listener.SetMeasurementEventCallback<int>((instrument, value, labels, _) => Take(instrument, value, labels));
        listener.Start();
        listener.RecordObservableInstruments();
    }

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        string? device = null;
        foreach (var (name, said) in labels)
        {
            device = name == "device" ? (string?)said : device;
        }

        seen[instrument.Name] = (value, device);
    }
}
