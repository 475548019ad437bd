using FsCheck;
using FsCheck.Fluent;
using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.ServingRuntime.Kernels.Tests.Cpu;

public sealed class PartRangesTests
{
    [Fact]
    public void Claim_AnyPartsAndThreadsInAnyOrder_EachPartOnceAndOwnOnesInOrder()
    {
        var cases = from threads in Gen.Choose(1, 80)
                    from parts in Gen.Frequency((3, Gen.Choose(1, 200)), (1, Gen.Choose(1, PartRanges.MaxParts)))
                    from seed in Gen.Choose(0, int.MaxValue)
                    select (Threads: threads, Parts: parts, Seed: seed);
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(100),
            Prop.ForAll(
                Arb.From(cases),
                one =>
                {
                    var ranges = new PartRanges(one.Threads);
                    var random = new System.Random(one.Seed);
                    for (var round = 0; round < 3; round++)
                    {
                        var section = ranges.Begin(one.Parts, wakes: round == 1);
                        var claimed = new List<int>();
                        var owners = Enumerable.Range(0, one.Threads).ToList();
                        while (owners.Count > 0)
                        {
                            var owner = owners[random.Next(owners.Count)];
                            var (begin, end) = ranges.Own(one.Parts, owner);
                            var part = ranges.Claim(section, owner, random.Next(2) == 0);
                            if (part == PartRanges.None)
                            {
                                claimed.Count(other => other >= begin && other < end).Should().Be(end - begin);
                                owners.Remove(owner);
                            }
                            else
                            {
                                part.Should().BeInRange(begin, end - 1);
                                claimed.Add(part);
                            }
                        }

                        claimed.Order().Should().Equal(Enumerable.Range(0, one.Parts));
                    }
                }));
    }

    [Fact]
    public void Claim_OwnThenOthers_FromBeginAndFromEnd()
    {
        var ranges = new PartRanges(2);
        var section = ranges.Begin(8, wakes: false);
        ranges.Claim(section, 1, fromEnd: false).Should().Be(4);
        ranges.Claim(section, 1, fromEnd: true).Should().Be(7);
        ranges.Claim(section, 1, fromEnd: false).Should().Be(5);
        ranges.Claim(section, 1, fromEnd: true).Should().Be(6);
        ranges.Claim(section, 1, fromEnd: true).Should().Be(PartRanges.None);
        ranges.Claim(section, 0, fromEnd: true).Should().Be(3);
    }

    [Fact]
    public void Claim_SectionThatIsOver_ClaimsNothingOfTheNext()
    {
        // Of two parts, thread 0 of four owns none: its range still bears the number of the section before when the third begins.
        var ranges = new PartRanges(4);
        var first = ranges.Begin(4, wakes: false);
        ClaimAll(ranges, first);
        var second = ranges.Begin(2, wakes: false);
        ClaimAll(ranges, second);
        var third = ranges.Begin(16, wakes: true);
        ranges.Claim(third, 3, fromEnd: false).Should().Be(12);
        for (var owner = 0; owner < 4; owner++)
        {
            ranges.Claim(first, owner, fromEnd: true).Should().Be(PartRanges.None);
            ranges.Claim(second, owner, fromEnd: false).Should().Be(PartRanges.None);
        }

        ClaimAll(ranges, third).Should().Be(15);
    }

    [Theory]
    [InlineData(64)]
    [InlineData(7)]
    public void Own_AnyMultipleOfTheThreads_DividesItemsAmongThemAlike(int threads)
    {
        var ranges = new PartRanges(threads);
        foreach (var items in (int[])[1, 63, 304, 4748])
        {
            for (var thread = 0; thread < threads; thread++)
            {
                for (var each = 1; each <= 16; each++)
                {
                    var parts = each * threads;
                    var (begin, end) = ranges.Own(parts, thread);
                    (items * begin / parts).Should().Be(items * thread / threads);
                    (items * end / parts).Should().Be(items * (thread + 1) / threads);
                }
            }
        }
    }

    [Fact]
    public void Begin_SectionsWithoutEnd_NumbersGoRoundAndNothingElseChanges()
    {
        var last = new Section(-1L << Section.NumberShift).Next(5, wakes: true);
        last.Number.Should().Be(0);
        last.Parts.Should().Be(5);
        last.Wakes.Should().BeTrue();
        last.Next(PartRanges.MaxParts, wakes: false).Should().Be(new Section((1L << Section.NumberShift) + PartRanges.MaxParts));
    }

    private static int ClaimAll(PartRanges ranges, Section section)
    {
        var count = 0;
        for (var owner = 0; owner < 4; owner++)
        {
            while (ranges.Claim(section, owner, fromEnd: false) != PartRanges.None)
            {
                count++;
            }
        }

        return count;
    }
}
