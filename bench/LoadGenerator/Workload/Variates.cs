namespace Octavo.LoadGenerator.Workload;

/// <summary>Random numbers of other shapes than uniform.</summary>
internal static class Variates
{
    /// <summary>Mean 0, deviation 1 (Box and Muller).</summary>
    public static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    /// <summary>Mean <paramref name="shape"/> × <paramref name="scale"/>; a shape of 1 is the exponential distribution (Marsaglia and Tsang, 2000).</summary>
    public static double Gamma(double shape, double scale, Random random)
    {
        if (shape == 1)
        {
            return -Math.Log(1 - random.NextDouble()) * scale;
        }

        if (shape < 1)
        {
            return Gamma(shape + 1, scale, random) * Math.Pow(1 - random.NextDouble(), 1 / shape);
        }

        var d = shape - (1.0 / 3);
        var c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            var x = Normal(random);
            var v = 1 + (c * x);
            if (v <= 0)
            {
                continue;
            }

            v = v * v * v;
            if (Math.Log(1 - random.NextDouble()) < (0.5 * x * x) + d - (d * v) + (d * Math.Log(v)))
            {
                return d * v * scale;
            }
        }
    }
}
