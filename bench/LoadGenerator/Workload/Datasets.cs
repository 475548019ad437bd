using Octavo.LoadGenerator.Configuration;

namespace Octavo.LoadGenerator.Workload;

/// <summary>Options → dataset.</summary>
internal static class Datasets
{
    /// <exception cref="InvalidDataException">The file is none of this kind.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static async Task<IDataset> CreateAsync(ServeOptions options, PromptSource source, Random random, CancellationToken cancellationToken)
    {
        var input = options.InputLen.Widened(options.RangeRatio);
        var output = options.OutputLen.Widened(options.RangeRatio);
        switch (options.Dataset)
        {
            case DatasetKind.Conversations:
                return new ConversationDataset(source, input, output, options.Turns, options.PrefixLen, options.NumPrefixes, random);
            case DatasetKind.Trace:
                return new TraceDataset(source, TraceReader.Read(options.DatasetPath!), options, random);
            case DatasetKind.ShareGpt:
                await using (var file = File.OpenRead(options.DatasetPath!))
                {
                    return await ShareGptDataset.LoadAsync(file, source.Scale, options.OutputLenGiven ? output : null, options.MaxInputLen, options.MaxOutputLen, random, cancellationToken);
                }

            default:
                return new RandomDataset(source, input, output, options.PrefixLen, options.NumPrefixes, random);
        }
    }
}
