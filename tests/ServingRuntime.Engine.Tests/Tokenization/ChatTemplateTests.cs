using System.Text.Json;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.ServingRuntime.Engine.Tokenization.Jinja;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Tokenization;

public sealed class ChatTemplateTests
{
    // What Jinja 3.1 with trim_blocks and lstrip_blocks gives.
    [Theory]
    [InlineData("a\n", "a")]
    [InlineData("a\n\n", "a\n")]
    [InlineData("{% if true %}\n  x\n{% endif %}\ny", "  x\ny")]
    [InlineData("  {% if true %}x{% endif %}", "x")]
    [InlineData("x  {% if true %}y{% endif %}", "x  y")]
    [InlineData("  {%+ if true %}x{% endif %}", "  x")]
    [InlineData("{% if true +%}\nx{% endif %}", "\nx")]
    [InlineData("a  {{- 1 -}}  b", "a1b")]
    [InlineData("a {# note #}\nb", "a b")]
    [InlineData("{% raw %}{{ x }}{% endraw %}", "{{ x }}")]
    [InlineData("{{ 'a' if false }}|{{ missing }}|{{ none }}|{{ true }}|{{ 1.0 }}|{{ [1, 'b', none] }}", "||None|True|1.0|[1, 'b', None]")]
    [InlineData("{{ {'a': 1, 'b': [true]} | tojson }}", "{\"a\": 1, \"b\": [true]}")]
    [InlineData("{{ {'a': 'é<'} | tojson(indent=2) }}", "{\n  \"a\": \"é<\"\n}")]
    [InlineData("{% for x in (1, none) %}{{ loop.nextitem }},{{ loop.previtem }};{% endfor %}", "None,;,1;")]
    [InlineData("{{ (10 ** 30 + 1) % 3.0 }}", "1.0")]
    [InlineData("{% for x in [1,2,3] %}{{ loop.index }}{{ ',' if not loop.last }}{% endfor %}", "1,2,3")]
    [InlineData("{% for x in [1,2,3,4] if x % 2 == 0 %}{{ x }}/{{ loop.length }} {% else %}none{% endfor %}", "2/2 4/2 ")]
    [InlineData("{% for x in [] %}{% else %}none{% endfor %}", "none")]
    [InlineData("{% for k, v in {'a': 1}.items() %}{{ k }}={{ v }}{% endfor %}", "a=1")]
    [InlineData("{% for x in [1,2,3] %}{% if x == 2 %}{% continue %}{% endif %}{{ x }}{% if x == 3 %}{% break %}{% endif %}{% endfor %}", "13")]
    [InlineData("{% set x = 1 %}{% for i in [1] %}{% set x = 2 %}{% endfor %}{{ x }}", "1")]
    [InlineData("{% set n = namespace(x=1) %}{% for i in [1] %}{% set n.x = 2 %}{% endfor %}{{ n.x }}", "2")]
    [InlineData("{% macro m(a, b='d') %}{{ a }}-{{ b }}{% endmacro %}{{ m(1) }} {{ m(b=2, a=3) }}", "1-d 3-2")]
    [InlineData("{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}in{% endcall %}", "<in>")]
    [InlineData("{% set x %}block{% endset %}{{ x | upper }}", "BLOCK")]
    [InlineData("{% filter upper %}abc{% endfilter %}", "ABC")]
    [InlineData("{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}", "3")]
    [InlineData("{{ 'a,b,c'.split(',')[-1] }}{{ 'abc'[::-1] }}{{ 'abcd'[1:3] }}{{ [1,2,3][1:] }}", "ccbabc[2, 3]")]
    [InlineData("{{ '𝕏𝕐'|length }}{{ '𝕏𝕐'[1] }}", "2𝕐")]
    [InlineData("{{ 'x' in 'xyz' }}{{ 1 not in [1] }}{{ 'a' in {'a': 1} }}", "TrueFalseTrue")]
    [InlineData("{{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 ** 3 }} {{ 1 + 2 * 3 }} {{ 'a' ~ 1 }}", "3 -4 2 3.5 8 7 a1")]
    [InlineData("{{ 1 < 2 < 3 }} {{ not 1 == 2 }} {{ 1 is odd and 2 is even }}", "True True True")]
    [InlineData("{{ x is defined }} {{ x is not defined }} {{ none is none }} {{ 'a' is string }} {{ {} is mapping }} {{ 4 is divisibleby 2 }}", "False True True True True True")]
    [InlineData("{{ [{'t': 'a'}, {'t': 'b'}] | map(attribute='t') | join('+') }}", "a+b")]
    [InlineData("{{ [{'t': 'a', 'v': 1}, {'t': 'b', 'v': 2}] | selectattr('t', 'equalto', 'b') | map(attribute='v') | list }}", "[2]")]
    [InlineData("{{ [{'v': 1}, {'v': 0}] | rejectattr('v') | list | length }}", "1")]
    [InlineData("{{ '  a ' | trim }}{{ 'a'.upper() }}{{ 'Abc'.startswith('A') }}{{ ' x'.lstrip() }}", "aATruex")]
    [InlineData("{{ x | default('d') }}{{ '' | default('e', true) }}{{ 'aXb' | replace('X', '-') }}", "dea-b")]
    [InlineData("{{ {'b': 1, 'a': 2} | dictsort | first | first }}{{ {'k': 5}.get('k') }}{{ {'k': 5}.get('z', 6) }}", "a56")]
    [InlineData("{{ '5' | int + 1 }} {{ '1.5' | float }} {{ 3 | string + 'x' }}", "6 1.5 3x")]
    [InlineData("{{ range(3) | list }}{{ range(1, 7, 2) | join }}", "[0, 1, 2]135")]
    [InlineData("{% for a in [1,[2]] recursive %}{% if a is number %}{{ a }}{% else %}({{ loop(a) }}){% endif %}{% endfor %}", "1(2)")]
    [InlineData("{% generation %}x{% endgeneration %}", "x")]
    [InlineData("{{ 1e16 }} {{ 0.1 }} {{ 100000.0 }} {{ 1e-7 }}", "1e+16 0.1 100000.0 1e-07")]
    [InlineData("{{ 'it''s' }}{{ \"a\\nb\\u00e9\" }}", "itsa\nbé")]
    [InlineData("{{ messages[0]['role'] }}{{ messages[0].content }}{{ messages[5] is defined }}", "userhiFalse")]
    [InlineData("{{ '{} {name}'.format(1, name='n') }}", "1 n")]
    [InlineData("{{ strftime_now('%d %b %Y') }}", "01 Jan 2026")]
    [InlineData("{{ ' a  b\tc '.split() }}{{ ' a  b c '.split(none, 1) }}{{ ' a '.split(none, 0) }}{{ '  '.split() }}", "['a', 'b', 'c']['a', 'b c ']['a '][]")]
    [InlineData("{{ ' a b  c '.rsplit() }}{{ ' a b  c '.rsplit(none, 1) }}{{ ' a '.rsplit(none, 0) }}", "['a', 'b', 'c'][' a b', 'c'][' a']")]
    [InlineData("{{ 'abc'|truncate(9223372036854775807) }}{{ 'abc'|truncate(3, leeway=9223372036854775807) }}", "abcabc")]
    [InlineData("{{ 10 ** 31 / -1000 }} {{ 2 / (2 ** 64 - 255) }} {{ u|truncate(9) }} {{ '%d' % 1 }} {{ 'x' % [1] }}", "-1e+28 1.0842021724855044e-19  1 x")]
    [InlineData("{{ 9223372036854775807 + 1 }} {{ 2 ** 100 }}", "9223372036854775808 1267650600228229401496703205376")]
    [InlineData("{% if false %}{{ 1|nosuch }}{% endif %}{{ 1|nosuch if false else 2 }}", "2")]
    [InlineData("{{ {'a': 1}.items() }} {{ (1, 'b') }} {{ {'a': 1}.items()|list }}", "dict_items([('a', 1)]) (1, 'b') [('a', 1)]")]
    [InlineData("{{ {'items': 1}.items is number }}{{ {'items': 1}['items'] is number }}", "FalseTrue")]
    [InlineData("{% set g = [1, 2]|map('string') %}{{ g|list }}{{ g|list }}", "['1', '2'][]")]
    [InlineData("{% for x in [1, 2] %}{% continue %}{% else %}e{% endfor %}", "e")]
    [InlineData("{% raw %}\nx{% endraw %}\ny", "\nxy")]
    [InlineData("{{ 'Straße'.upper() }} {{ 'ΣΑΣ'.lower() }} {{ 'they\\'re bill\\'s'|title }} {{ 'they\\'re'.title() }}", "STRASSE σας They're Bill's They'Re")]
    [InlineData("{{ 2.675|round(2) }} {{ 5|round }} {{ 2.5|round }} {{ '%.1f|%5s|%-4d|%03d' % (0.25, 'ab', 7, 5) }} {{ '{:>5}|{:.2f}'.format('x', 1) }}", "2.67 5 2.0 0.2|   ab|7   |005     x|1.00")]
    [InlineData("{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, *[2], a=3, **{'b': 4}) }}", "(1, 2){'a': 3, 'b': 4}")]
    [InlineData("{% set n = namespace(skip=0) %}{% for x in [1, 2, 3] if x != n.skip %}{{ x }}{% set n.skip = 2 %}{% endfor %}", "13")]
    public void Render_Expression_GivesWhatJinjaGives(string source, string expected) => Render(source).Should().Be(expected);

    [Theory]
    [InlineData("{{ x.y }}", "'x' is undefined")]
    [InlineData("{{ 'a' + 1 }}", "unsupported operands")]
    [InlineData("{{ 'a' + none }}", "unsupported operands")]
    [InlineData("{{ [].append(1) }}", "may not")]
    [InlineData("{{ {}.update({}) }}", "may not")]
    [InlineData("{{ ''.__class__ }}", "not allowed")]
    [InlineData("{{ messages.__class__.__mro__ }}", "not allowed")]
    [InlineData("{{ ''|attr('__class__') }}", "'attr' is not supported")]
    [InlineData("{{ 1 // 0 }}", "division by zero")]
    public void Render_WhatCannotBe_FailsWithAReason(string source, string reason)
        => Rendering(source).Should().Throw<TemplateException>().WithMessage($"*{reason}*").Which.Fault.Should().Be(TemplateFault.Evaluation);

    [Theory]
    [InlineData("{% for x in [] %}{{ x|nosuch }}{% endfor %}", "'nosuch' is not supported")]
    [InlineData("{{ x is nosuch }}", "'nosuch' is not supported")]
    [InlineData("{% include 'x' %}", "'include' is not supported")]
    [InlineData("{% import 'x' as y %}", "'import' is not supported")]
    [InlineData("{% if x %}", "ends before 'endif'")]
    [InlineData("{{ 1 + }}", "unfinished")]
    [InlineData("a\n{{ ", "line 2")]
    [InlineData("{% break %}", "outside a loop")]
    [InlineData("{{ 'abc }}", "no end")]
    public void Constructor_MalformedTemplate_NamesThePlace(string source, string reason)
        => Rendering(source).Should().Throw<TemplateException>().WithMessage($"*{reason}*").Which.Fault.Should().Be(TemplateFault.Syntax);

    [Theory]
    [InlineData("{% for i in range(100000000) %}{% endfor %}")]
    [InlineData("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}")]
    [InlineData("{{ 'x' * 1000000000 }}")]
    [InlineData("{% set n = namespace(x='ab') %}{% for i in range(100) %}{% set n.x = n.x + n.x %}{% endfor %}")]
    [InlineData("{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}")]
    [InlineData("{% set n = namespace(x=[1], y=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% set n.y = [n.y, n.y] %}{% endfor %}{{ n.x == n.y }}")]
    [InlineData("{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x | tojson }}")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")]
    [InlineData("{{ ('a' * 1000000).replace('a', 'b' * 1000000) }}")]
    [InlineData("{{ ('{0}' * 100000).format('b' * 1000000) }}")]
    [InlineData("{% set n = namespace(x=[1], y=[1]) %}{% for i in range(50000) %}{% set n.x = [n.x] %}{% set n.y = [n.y] %}{% endfor %}{{ n.x == n.y }}")]
    [InlineData("{% set n = namespace(x=[1], y=[1]) %}{% for i in range(50000) %}{% set n.x = [n.x] %}{% set n.y = [n.y] %}{% endfor %}{{ n.x < n.y }}")]
    [InlineData("{{ 10 ** 100000 }}")]
    [InlineData("{% set n = namespace(x=9) %}{% for i in range(100) %}{% set n.x = n.x * n.x %}{% endfor %}")]
    [InlineData("{{ '%999999999d' % 1 }}")]
    [InlineData("{{ 'x'.center(999999999) }}")]
    [InlineData("{{ [1] * 999999999 }}")]
    [InlineData("{{ range(1000) | map('replace', 'x', 'y') | list }}{% for i in range(5000) %}{{ 'x' * 100000 }}{% endfor %}")]
    public void Render_RunawayTemplate_StopsAtALimit(string source)
        => Rendering(source).Should().Throw<TemplateException>().Which.Fault.Should().Be(TemplateFault.Limit);

    [Fact]
    public void Render_DeeplyNestedExpression_IsRefused()
        => Rendering("{{ " + new string('(', 100_000) + "1" + new string(')', 100_000) + " }}").Should().Throw<TemplateException>().Which.Fault.Should().Be(TemplateFault.Syntax);

    [Fact]
    public void Render_LongExpression_IsRefused()
        => Rendering("{{ 1" + string.Concat(Enumerable.Repeat(" + 1", 100_000)) + " }}").Should().Throw<TemplateException>().Which.Fault.Should().Be(TemplateFault.Syntax);

    [Fact]
    public void Render_RaiseException_CarriesTheMessage()
        => Rendering("{{ raise_exception('no ' + 'way') }}").Should().Throw<TemplateException>().WithMessage("no way").Which.Fault.Should().Be(TemplateFault.Raised);

    [Fact]
    public void Render_Variables_CannotReplaceMessages()
    {
        using var messages = JsonDocument.Parse("""[{"role": "user", "content": "hi"}]""");
        using var variables = JsonDocument.Parse("""{"messages": [], "enable_thinking": false}""");
        Make("{{ messages | length }}{{ enable_thinking }}").Render(messages.RootElement, null, false, variables.RootElement).Should().Be("1False");
    }

    /// <summary>What a client may write is gone through once: a copy of the rest at each word would be gigabytes here.</summary>
    [Theory]
    [InlineData("{{ messages[0].content.split()|length }}", "100000")]
    [InlineData("{{ messages[0].content.rsplit()|length }}", "100000")]
    [InlineData("{{ ('%' ~ '-' * 50000 ~ 'd') % 1 }}", "1")]
    public void Render_LongTexts_AllocateByTheirLength(string source, string expected)
    {
        using var messages = JsonDocument.Parse($$"""[{"role": "user", "content": "{{string.Concat(Enumerable.Repeat("a ", 100_000))}}"}]""");
        var template = Make(source);
        var before = GC.GetAllocatedBytesForCurrentThread();
        template.Render(messages.RootElement, null, false, null).Should().Be(expected);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(64 << 20);
    }

    private static ChatTemplate Make(string source) => new(source, new Dictionary<string, string>(), new TemplateLimits { MaxSteps = 300_000 }, new FakeTimeProvider());

    private static Action Rendering(string source) => () => Render(source);

    private static string Render(string source)
    {
        using var messages = JsonDocument.Parse("""[{"role": "user", "content": "hi"}]""");
        return Make(source).Render(messages.RootElement, null, addGenerationPrompt: true, null);
    }
}
