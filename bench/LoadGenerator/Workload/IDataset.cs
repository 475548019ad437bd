namespace Octavo.LoadGenerator.Workload;

/// <summary>Where sessions come from. The same options and seed give the same ones in the same order.</summary>
internal interface IDataset
{
    /// <summary>Sessions that it has; null: without end.</summary>
    int? Count { get; }

    /// <summary>The next one; a dataset that ends begins anew.</summary>
    BenchSession Next();
}
