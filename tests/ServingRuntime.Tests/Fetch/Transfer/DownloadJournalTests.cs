using Octavo.ServingRuntime.Fetch.Sources;
using Octavo.ServingRuntime.Fetch.Transfer;

namespace Octavo.ServingRuntime.Tests.Fetch.Transfer;

public sealed class DownloadJournalTests : IDisposable
{
    private static readonly SourceFile Weights = new("model.safetensors", 1000) { ETag = "one" };
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("octavo-journal-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void Find_AfterReopening_KnowsWhatWasNoted()
    {
        Note(j => j.Add(Weights, 0, 100), j => j.Add(Weights, 500, 600), j => j.Add(Weights, 100, 200));

        Find(Weights).Ranges.Ranges.Should().Equal((0, 200), (500, 600));
    }

    [Fact]
    public void Find_OtherContent_IsNothing()
    {
        Note(j => j.Add(Weights, 0, 100));

        Find(Weights with { ETag = "two" }).Ranges.Total.Should().Be(0);
        Find(Weights with { Size = 999 }).Ranges.Total.Should().Be(0);
        Find(Weights with { ETag = null }).Ranges.Total.Should().Be(0, "nothing tells one content from another");
    }

    [Theory]
    [InlineData("{\"Path\":\"model.safetensors\",\"Start\":200,\"En")]
    [InlineData("\0\0\0\0\0\0")]
    [InlineData("null")]
    public void Find_LastLineIsTorn_CountsAsNotWritten(string torn)
    {
        Note(j => j.Add(Weights, 0, 100));
        File.AppendAllText(Path.Combine(folder.FullName, DownloadJournal.FileName), torn);

        using (var journal = DownloadJournal.Open(folder.FullName))
        {
            journal.Find(Weights).Ranges.Total.Should().Be(100);
            journal.Add(Weights, 100, 150);
        }

        Find(Weights).Ranges.Total.Should().Be(150, "what follows a torn line is a line of its own");
    }

    [Fact]
    public void Begin_Again_ForgetsWhatWas()
    {
        Note(j => j.Add(Weights, 0, 1000), j => j.Complete(Weights, "digest"), j => j.Begin(Weights), j => j.Add(Weights, 5, 6));

        Find(Weights).Sha256.Should().BeNull();
        Find(Weights).Ranges.Total.Should().Be(1);
    }

    private void Note(params Action<DownloadJournal>[] notes)
    {
        using var journal = DownloadJournal.Open(folder.FullName);
        journal.Begin(Weights);
        notes.ToList().ForEach(note => note(journal));
    }

    private (RangeSet Ranges, string? Sha256) Find(SourceFile file)
    {
        using var journal = DownloadJournal.Open(folder.FullName);
        return journal.Find(file);
    }
}
