using Spectre.Console;

namespace Octavo.Cli.Demo;

/// <summary>
/// What the demo prints. On a terminal: colours and a spinner with the latest news of the step. With NO_COLOR, a dumb terminal or a pipe: plain lines.
/// </summary>
internal sealed class DemoConsole
{
    private readonly IAnsiConsole console;
    private readonly bool live;

    private DemoConsole(IAnsiConsole console, bool live)
    {
        this.console = console;
        this.live = live;
    }

    public static DemoConsole Create()
    {
        var noColor = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        var dumb = Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb";
        var live = !Console.IsOutputRedirected && !dumb;
        return new DemoConsole(Create(Console.Out, live, noColor), live);
    }

    public static DemoConsole Plain(TextWriter writer) => new(Create(writer, live: false, noColor: true), live: false);

    private static IAnsiConsole Create(TextWriter writer, bool live, bool noColor)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = live ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = live && !noColor ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = live ? InteractionSupport.Yes : InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        if (!live)
        {
            // Lines of a log are not folded at a terminal's width.
            console.Profile.Width = int.MaxValue / 2;
        }

        return console;
    }

    /// <summary>Runs a step; <c>news</c> replaces the spinner's text (on a terminal) or prints a line when it changes (elsewhere).</summary>
    public async Task StepAsync(string title, Func<Action<string>, Task> run)
    {
        if (live)
        {
            await console.Status().Spinner(Spinner.Known.Dots).StartAsync(Markup.Escape(title), async context =>
                await run(text => context.Status(Markup.Escape($"{title}: {text}"))));
            return;
        }

        Line($"... {title}");
        string? last = null;
        await run(text =>
        {
            if (text != last)
            {
                last = text;
                Line($"    {text}");
            }
        });
    }

    public void Done(string title, TimeSpan took) => console.MarkupLineInterpolated($"[green]ok[/]  {title} [grey]({took.TotalSeconds:0.0} s)[/]");

    public void Failed(string title, string why) => console.MarkupLineInterpolated($"[red]FAILED[/] {title}: {why}");

    public void Line(string text = "") => console.WriteLine(text);

    public void Heading(string text) => console.MarkupLineInterpolated($"[bold]{text}[/]");

    /// <summary>Writes without a line end, for streamed tokens.</summary>
    public void Write(string text) => console.Write(new Text(text));
}
