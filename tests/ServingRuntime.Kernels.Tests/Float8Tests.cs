namespace Octavo.ServingRuntime.Kernels.Tests;

public sealed class Float8Tests
{
    [Fact]
    public void ToE4M3_EveryNumber_ComesBack()
    {
        for (var code = 0; code < 256; code++)
        {
            var value = Float8.FromE4M3((byte)code);
            (float.IsNaN(value) ? Float8.ToE4M3(value) & 0x7F : Float8.ToE4M3(value)).Should().Be(float.IsNaN(value) ? 0x7F : (byte)code);
        }
    }

    [Fact]
    public void ToE4M3_BetweenTwoNumbers_TheNearerAndTheEvenOfEquals()
    {
        for (var code = 0; code < 0x7E; code++)
        {
            float low = Float8.FromE4M3((byte)code), high = Float8.FromE4M3((byte)(code + 1)), middle = (low + high) / 2;
            Float8.ToE4M3(middle).Should().Be((byte)(code + (code & 1)), $"{middle} lies in the middle");
            Float8.ToE4M3(-MathF.BitDecrement(middle)).Should().Be((byte)(0x80 | code));
            Float8.ToE4M3(MathF.BitIncrement(middle)).Should().Be((byte)(code + 1));
        }
    }

    [Theory]
    [InlineData(449f)]
    [InlineData(1e30f)]
    [InlineData(float.PositiveInfinity)]
    public void ToE4M3_TooLarge_TheLargest(float value)
    {
        Float8.FromE4M3(Float8.ToE4M3(value)).Should().Be(448f);
        Float8.FromE4M3(Float8.ToE4M3(-value)).Should().Be(-448f);
    }
}
