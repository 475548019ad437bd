using Octavo.ServingRuntime.Engine.StructuredOutput;
using static Octavo.ServingRuntime.Engine.Tests.StructuredOutput.GrammarHarness;

namespace Octavo.ServingRuntime.Engine.Tests.StructuredOutput.Ebnf;

public sealed class GrammarTextTests
{
    [Theory]
    [InlineData("root ::= \"yes\" | \"no\"", "yes", "maybe")]
    [InlineData("# calculator\nroot ::= expr \"=\" number\nexpr ::= term ([-+*/] term)*\nterm ::= number | \"(\" expr \")\"\nnumber ::= [0-9]{1,3}\n", "(1+22)*3=69", "(1+22*3=69")]
    [InlineData("root ::= item+\nitem ::= \"- \" [^\\n]+ \"\\n\"\n  | \"* \" . \"\\x0a\"", "- äö\n* x\n", "- \n")]
    [InlineData("root ::= \"{\" pair{2,} \"}\"\npair ::= \"\\u00e9\" (\"=\" [a-c]{,2})?", "{é=abé}", "{é}")]
    [InlineData("root ::= a\na ::= a \"x\" | \"y\"", "yxxx", "xy")]
    [InlineData("root ::= \"a\" root \"b\" | \"\"", "aaabbb", "aabbb")]
    [InlineData("?start: \"SELECT \" column (\", \" column)* [\" FROM \" CNAME]\ncolumn: CNAME -> name\n  | \"*\"\n%import common.CNAME\n", "SELECT a, b2 FROM t_1", "SELECT 1")]
    [InlineData("start: sum\nsum: sum \"+\" INT | INT\n%import common (INT, WS)\n// end", "1+22+3", "1+")]
    [InlineData("start: \"x\"~2..3 HEX* \"end\"i\nHEX: \"0\"..\"9\" | /[a-f]/\n", "xx0aEnD", "x0end")]
    public void Grammar_Text_IsMatched(string grammar, string match, string other)
    {
        var compiled = Compile(new GrammarSpec.Ebnf(grammar));
        compiled.Matches(match).Should().BeTrue();
        compiled.Matches(other).Should().BeFalse();
    }

    [Theory]
    [InlineData("root ::= missing", "rule 'missing' is not defined")]
    [InlineData("other ::= \"a\"", "no rule 'root'")]
    [InlineData("root ::= \"a", "line 1")]
    [InlineData("root ::= (\"a\"", "')' is expected")]
    [InlineData("root ::= a\na ::= b \"x\" | \"y\"\nb ::= a \"z\"", "left-recursive")]
    [InlineData("root ::= b? root \"x\" | \"y\"\nb ::= \"b\"", "left-recursive")]
    [InlineData("root ::= \"a\"\nroot ::= \"b\"", "defined twice")]
    [InlineData("root ::= \"x\" root", "nothing can match")]
    [InlineData("root ::= (= \"a\")", "look-ahead")]
    [InlineData("root ::= TagDispatch((\"a\", b))", "TagDispatch")]
    [InlineData("start: \"a\"\n%ignore WS", "%ignore is not supported")]
    [InlineData("start: \"a\" }", "line 1")]
    [InlineData("", "no rule 'start'")]
    [InlineData("root ::= \"a\"{3,1}", "least number")]
    [InlineData("root ::= [z-a]", "backwards")]
    [InlineData("root ::= \"\\q\"", "escape")]
    public void Grammar_Malformed_IsRefusedByName(string grammar, string reason)
        => Refusal(new GrammarSpec.Ebnf(grammar)).Message.Should().Contain(reason);

    [Fact]
    public void Grammar_DeepRecursion_GrowsTheStackOnTheHeap()
    {
        var grammar = Compile(new GrammarSpec.Ebnf("root ::= \"(\" root \")\" | \"x\""));
        grammar.Matches(new string('(', 100_000) + "x" + new string(')', 100_000)).Should().BeTrue();
    }

    [Fact]
    public void Grammar_ExponentiallyAmbiguous_StaysBounded()
    {
        // Every "a" may open either bracket: without a bound there would be 2^n stacks.
        var grammar = Compile(new GrammarSpec.Ebnf("root ::= \"a\" root \"x\" | \"a\" root \"y\" | \"b\""));
        var constraint = grammar.Create([StopToken]);
        foreach (var token in Tokenizer.Encode(new string('a', 60), false))
        {
            Allowed(constraint).Should().Contain(token);
            constraint.Accept(token);
            constraint.IsComplete.Should().BeFalse();
        }

        var random = new Random(5);
        for (var i = 0; i < 40 && !constraint.IsComplete; i++)
        {
            var allowed = Allowed(constraint);
            allowed.Should().NotBeEmpty();
            var token = allowed[random.Next(allowed.Count)];
            constraint.Accept(token);
            (token == StopToken || !constraint.IsComplete || grammar.Vocabulary.BytesOf(token).Length > 0).Should().BeTrue();
        }
    }

    [Theory]
    [InlineData("root ::= ((((((\"a\"{1000}){1000}){1000}){1000}){1000}){1000})")]
    [InlineData("root ::= ([a-z]{1,500} | [a-y]{1,500} | [a-x]{1,500}){1,500}")]
    public void Grammar_LargeRepetitions_AreCounted(string grammar)
        => Compile(new GrammarSpec.Ebnf(grammar)).MayBegin("aaaaaa").Should().BeTrue();
}
