using Octavo.KubernetesClient;
using Octavo.LocalCluster.ApiServer.Cel;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.LocalCluster.Tests.ApiServer.Schema;

namespace Octavo.LocalCluster.Tests.ApiServer.Cel;

public sealed class CelEvaluatorTests
{
    private static object? Evaluate(string expression, long budget = 100_000)
    {
        var evaluator = new CelEvaluator(budget);
        evaluator.Set("self", CelValues.From(Schemas.Parse("""{"n":3,"s":"héllo","l":[1,2,3],"m":{"a":1,"b":2},"o":[{"name":"x","v":1},{"name":"y","v":2}],"none":null}"""), ResourceSchema.Any));
        return evaluator.Evaluate(CelParser.Parse(expression));
    }

    [Theory]
    [InlineData("1 + 2 * 3 == 7")]
    [InlineData("(1 + 2) * 3 == 9")]
    [InlineData("-5 % 3 == -2 && 7 / -2 == -3")]
    [InlineData("10 - 3 - 2 == 5")]
    [InlineData("1.5 + 0.25 == 1.75")]
    [InlineData("0x10 == 16 && 1e3 == 1000.0 && 2u + 1u == 3u")]
    [InlineData("-9223372036854775808 < 0")]
    [InlineData("'a' + \"b\" == r'ab'")]
    [InlineData("'\\n\\t\\x41\\u00e9\\101'.size() == 5")]
    [InlineData("'''a'b''' == \"a'b\"")]
    [InlineData("b'ab' == bytes('ab')")]
    [InlineData("1 < 2 && 2 <= 2 && 'a' < 'b' && 3 > 2.5 && 1u < 2")]
    [InlineData("1 == 1.0 && 1 != 2 && 'x' != null && [1,2] == [1,2] && {'a': 1} == {'a': 1}")]
    [InlineData("true ? 1 == 1 : 1/0 == 0")]
    [InlineData("!(false || !true)")]
    [InlineData("true || 1/0 == 0")]
    [InlineData("1/0 == 0 || true")]
    [InlineData("!(1/0 == 0 && false)")]
    [InlineData("has(self.n) && !has(self.zz)")]
    [InlineData("has(self.none)")]
    [InlineData("2 in self.l && !(9 in self.l) && 'a' in self.m && !('z' in self.m)")]
    [InlineData("self.l[0] == 1 && self.m['b'] == 2 && self['n'] == 3")]
    [InlineData("self.l.all(x, x > 0) && !self.l.all(x, x > 1)")]
    [InlineData("self.l.exists(x, x == 2) && !self.l.exists(x, x == 9)")]
    [InlineData("self.l.exists_one(x, x > 2) && !self.l.exists_one(x, x > 1)")]
    [InlineData("self.l.map(x, x * 2) == [2, 4, 6] && self.l.map(x, x > 1, x * 2) == [4, 6]")]
    [InlineData("self.l.filter(x, x != 2) == [1, 3]")]
    [InlineData("self.m.all(k, self.m[k] > 0)")]
    [InlineData("self.o.all(x, self.o.exists_one(y, x.name == y.name))")]
    [InlineData("[].all(x, false) && ![].exists(x, true)")]
    [InlineData("size(self.s) == 5 && self.s.size() == 5 && size(self.l) == 3 && size(self.m) == 2")]
    [InlineData("self.s.startsWith('h') && self.s.endsWith('o') && self.s.contains('ll')")]
    [InlineData("self.s.matches('^h.*o$') && matches('abc', '[a-c]+')")]
    [InlineData("'a,b,c'.split(',') == ['a','b','c'] && 'a,b,c'.split(',', 2) == ['a','b,c']")]
    [InlineData("'AbC'.lowerAscii() == 'abc' && 'AbC'.upperAscii() == 'ABC'")]
    [InlineData("'hello'.indexOf('l') == 2 && 'hello'.indexOf('l', 3) == 3 && 'hello'.lastIndexOf('l') == 3 && 'hello'.indexOf('z') == -1")]
    [InlineData("'hello'.replace('l', 'L') == 'heLLo' && 'hello'.replace('l', 'L', 1) == 'heLlo'")]
    [InlineData("'hello'.substring(1) == 'ello' && 'hello'.substring(1, 3) == 'el' && 'hello'.charAt(4) == 'o'")]
    [InlineData("' a '.trim() == 'a' && ['a','b'].join('-') == 'a-b'")]
    [InlineData("'a1b22'.find('[0-9]+') == '1' && 'a1b22'.findAll('[0-9]+') == ['1','22']")]
    [InlineData("'%s is %d'.format(['x', 3]) == 'x is 3'")]
    [InlineData("int('5') == 5 && int(2.9) == 2 && string(5) == '5' && double('1.5') == 1.5 && bool('true') && uint(3) == 3u")]
    [InlineData("type(1) == int && type('a') == string")]
    [InlineData("[3,1,2].min() == 1 && [3,1,2].max() == 3 && [1,2].sum() == 3 && [1,2,2].isSorted() && ![2,1].isSorted()")]
    [InlineData("[1,2,1].indexOf(1) == 0 && [1,2,1].lastIndexOf(1) == 2")]
    [InlineData("duration('1h') > duration('59m') && duration('90s').getMinutes() == 1")]
    [InlineData("timestamp('2026-01-02T03:04:05Z').getFullYear() == 2026 && timestamp('2026-01-02T00:00:00Z') - timestamp('2026-01-01T00:00:00Z') == duration('24h')")]
    [InlineData("quantity('1Gi').isGreaterThan(quantity('1G')) && quantity('500m').compareTo(quantity('0.5')) == 0 && isQuantity('3k') && !isQuantity('x')")]
    [InlineData("isURL('https://example.com:80/a?b=c') && !isURL('not a url') && url('https://example.com:8080/a').getHost() == 'example.com:8080' && url('https://e.com/a/b').getEscapedPath() == '/a/b' && url('hf://org/name').getScheme() == 'hf'")]
    [InlineData("isIP('127.0.0.1') && !isIP('127.0.0') && cidr('10.0.0.0/8').containsIP('10.1.2.3')")]
    [InlineData("sets.contains([1,2,3], [2]) && sets.intersects([1], [1,2]) && math.greatest(1, 3) == 3 && math.least([4, 2]) == 2")]
    [InlineData("optional.of(1).orValue(2) == 1 && optional.none().orValue(2) == 2 && self.?zz.orValue('d') == 'd' && self.?n.hasValue() && !self.?zz.?y.hasValue()")]
    [InlineData("// a comment\n1 == 1")]
    public void Evaluate_Expression_Holds(string expression) => Evaluate(expression).Should().Be(true);

    [Theory]
    [InlineData("self.zz", "no such key: zz")]
    [InlineData("self.l[9]", "index out of bounds: 9")]
    [InlineData("1/0", "division by zero")]
    [InlineData("9223372036854775807 + 1", "integer overflow")]
    [InlineData("1 + 'a'", "no such overload")]
    [InlineData("'a'.nope()", "no such overload")]
    [InlineData("1 && true", "no such overload")]
    [InlineData("self.l.all(x, x.y)", "no such overload")]
    [InlineData("int('x')", "strconv.ParseInt: parsing \"x\": invalid syntax")]
    [InlineData("'abc'.substring(9)", "index out of range: 9")]
    [InlineData("quantity('x')", ResourceQuantity.PatternError)]
    public void Evaluate_Failing_SaysWhy(string expression, string message)
    {
        var act = () => Evaluate(expression);
        act.Should().Throw<CelException>().WithMessage(message);
    }

    [Theory]
    [InlineData("self.l.all(a, self.l.all(b, self.l.all(c, self.l.all(d, true))))")]
    [InlineData("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'.replace('a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa').replace('a', 'aaaaaaaaaaaaaaaaaaaaaaa').size() > 0")]
    public void Evaluate_PastTheBudget_IsCancelled(string expression)
    {
        var act = () => Evaluate(expression, 100);
        act.Should().Throw<CelException>().WithMessage("*cost limit exceeded");
    }

    [Theory]
    [InlineData("1 +")]
    [InlineData("(1")]
    [InlineData("1 2")]
    [InlineData("'open")]
    [InlineData("a ? b")]
    [InlineData("has(a)")]
    [InlineData("a.all(1, true)")]
    [InlineData("#")]
    [InlineData("")]
    public void Parse_NoExpression_IsRefused(string expression)
    {
        var act = () => CelParser.Parse(expression);
        act.Should().Throw<CelException>();
    }

    [Fact]
    public void Parse_DeepNesting_IsRefusedNotOverflowing()
    {
        var act = () => CelParser.Parse(new string('(', 5000) + "1" + new string(')', 5000));
        act.Should().Throw<CelException>().WithMessage("expression recursion limit exceeded");
    }
}
