namespace Octavo.LoadGenerator.Reporting.Html;

/// <summary>The page's style: no script, no font, no file from elsewhere.</summary>
internal static class HtmlStyle
{
    /// <summary>Colours of lines, told apart by people who see few colours, too (after Okabe and Ito).</summary>
    public const int Colours = 8;

    public const string Css = """
        :root { color-scheme: light dark; --back: #fff; --text: #1d2530; --faint: #5d6b7c; --rule: #e2e7ee; --card: #f7f9fb;
          --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #cc79a7; --c4: #b58900; --c5: #3ea6d8; --c6: #7b5ea7; --c7: #555; }
        @media (prefers-color-scheme: dark) { :root { --back: #12161c; --text: #e6ebf1; --faint: #93a1b3; --rule: #2a323d; --card: #191f27;
          --c0: #4aa3df; --c1: #ff8c42; --c2: #34c79a; --c3: #e59ac4; --c4: #e6b422; --c5: #8fd3f4; --c6: #b39ddb; --c7: #bbb; } }
        body { background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1240px; padding: 0 1rem; }
        h1 { font-size: 1.6rem; margin: 0 0 .2rem; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; border-bottom: 1px solid var(--rule); padding-bottom: .2rem; } h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
        p.note { color: var(--faint); margin: .2rem 0 .6rem; }
        .wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
        th, td { padding: .25rem .8rem; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; } th:first-child, td:first-child { text-align: left; padding-left: 0; } th { color: var(--faint); font-weight: 600; }
        .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 1rem; }
        figure { margin: 0; background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: .7rem .8rem; } figcaption { font-weight: 600; margin-bottom: .3rem; }
        svg { width: 100%; height: auto; display: block; } .grid { stroke: var(--rule); } .tick { fill: var(--faint); font-size: 11px; } .label { fill: var(--faint); font-size: 12px; }
        .line { fill: none; stroke-width: 2; stroke-linejoin: round; } .line.dashed { stroke-dasharray: 5 4; } .dot { stroke: var(--card); stroke-width: 1; }
        .legend { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1rem; padding: 0; margin: .4rem 0 0; color: var(--faint); font-size: .85rem; } .legend i { display: inline-block; width: 1.1rem; border-top: 3px solid; vertical-align: middle; margin-right: .4rem; } .legend i.dashed { border-top-style: dashed; }
        .line.c0 { stroke: var(--c0); } .line.c1 { stroke: var(--c1); } .line.c2 { stroke: var(--c2); } .line.c3 { stroke: var(--c3); } .line.c4 { stroke: var(--c4); } .line.c5 { stroke: var(--c5); } .line.c6 { stroke: var(--c6); } .line.c7 { stroke: var(--c7); }
        .dot.c0 { fill: var(--c0); } .dot.c1 { fill: var(--c1); } .dot.c2 { fill: var(--c2); } .dot.c3 { fill: var(--c3); } .dot.c4 { fill: var(--c4); } .dot.c5 { fill: var(--c5); } .dot.c6 { fill: var(--c6); } .dot.c7 { fill: var(--c7); }
        i.c0 { color: var(--c0); } i.c1 { color: var(--c1); } i.c2 { color: var(--c2); } i.c3 { color: var(--c3); } i.c4 { color: var(--c4); } i.c5 { color: var(--c5); } i.c6 { color: var(--c6); } i.c7 { color: var(--c7); }
        """;
}
