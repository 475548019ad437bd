using Spectre.Console;

namespace Octavo.Cli.Demo;

/// <summary>
/// What the demo prints. On a terminal: colours and a spinner with the latest news of the step. With NO_COLOR, a dumb terminal or a pipe: plain lines.
/// </summary>
internal sealed class DemoConsole
{
    private readonly IAnsiConsole console;
    private readonly TextWriter writer;
    private readonly bool live;

    private DemoConsole(TextWriter writer, bool live, bool noColor)
    {
        this.writer = writer;
        this.live = live;
        console = Create(writer, live, noColor);
    }

    public static DemoConsole Create()
    {
        var noColor = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        var dumb = Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb";
        var live = !Console.IsOutputRedirected && !dumb;
        return new DemoConsole(Console.Out, live, noColor);
    }

    public static DemoConsole Plain(TextWriter writer) => new(writer, live: false, noColor: true);

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

    public void Failed(string title, string why)
    {
        console.MarkupInterpolated($"[red]FAILED[/] ");
        Line($"{title}: {why}");
    }

    /// <summary>As it is: a command that a terminal's width has folded cannot be copied.</summary>
    public void Line(string text = "") => writer.WriteLine(text);

    public void Heading(string text) => console.MarkupLineInterpolated($"[bold]{text}[/]");

    /// <summary>Writes without a line end, for streamed tokens.</summary>
    public void Write(string text) => writer.Write(text);
}
