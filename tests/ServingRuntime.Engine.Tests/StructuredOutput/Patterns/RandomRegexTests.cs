using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Octavo.ServingRuntime.Engine.StructuredOutput;
using static Octavo.ServingRuntime.Engine.Tests.StructuredOutput.GrammarHarness;

namespace Octavo.ServingRuntime.Engine.Tests.StructuredOutput.Patterns;

/// <summary>Random expressions against .NET's own, in both directions: random texts are judged alike, and what is written is matched.</summary>
public sealed class RandomRegexTests
{
    private static readonly string[] Letters = ["a", "b", "c", "é", "\n", "👩"];

    private int matched;

    [Fact]
    public void Regex_RandomExpressions_AgreeWithDotNet()
    {
        Prop.ForAll(Arb.From(Gen.Choose(0, int.MaxValue - 1)), Check).Check(Config.QuickThrowOnFailure.WithMaxTest(80).WithReplay(20251122, 3));
        matched.Should().BeGreaterThan(100, "texts are meant to match now and then");
    }

    private void Check(int seed)
    {
        var random = new System.Random(seed);
        var pattern = Expression(random, 3);
        var grammar = Compile(new GrammarSpec.Regex(pattern));
        var reference = new Regex($"^(?:{pattern})\\z", RegexOptions.NonBacktracking, TimeSpan.FromSeconds(20));
        for (var i = 0; i < 40; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(8)).Select(_ => Letters[random.Next(Letters.Length)]));
            var expected = reference.IsMatch(text);
            matched += expected ? 1 : 0;
            grammar.Matches(text).Should().Be(expected, $"{pattern} on '{text}'");
        }

        for (var i = 0; i < 3; i++)
        {
            if (RandomWalk(grammar, random, 25) is { } written)
            {
                reference.IsMatch(written).Should().BeTrue($"{pattern} wrote '{written}'");
            }
        }
    }

    private static string Expression(System.Random random, int depth)
    {
        var builder = new StringBuilder();
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            var atom = random.Next(depth > 0 ? 9 : 6) switch
            {
                0 => "a",
                1 => "b",
                2 => "[ab]",
                3 => "[b-é]",
                4 => "é",
                5 => "c",
                6 => $"({Expression(random, depth - 1)}|{Expression(random, depth - 1)})",
                7 => $"(?:{Expression(random, depth - 1)})",
                _ => $"(?:|{Expression(random, depth - 1)})",
            };
            // No negated classes: .NET counts UTF-16 units, and would match half of a character.
            builder.Append(atom).Append(random.Next(9) switch
            {
                0 => "*",
                1 => "+",
                2 => "?",
                3 => "{2}",
                4 => "{1,3}",
                // Long ones on short atoms alone: .NET writes them out.
                5 => atom.Length <= 4 ? "{0,25}?" : "{0,2}",
                6 => "{2,}",
                _ => "",
            });
        }

        return builder.ToString();
    }
}
