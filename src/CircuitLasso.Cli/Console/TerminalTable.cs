using System.Globalization;
using Spectre.Console;

namespace CircuitLasso.Cli;

/// <summary>One table of names and numbers for the terminal, which is never wrapped in the middle of a number: what is wider scrolls.</summary>
internal sealed class TerminalTable
{
    private const int LeastWidth = 160;
    private readonly Table _table;

    /// <summary>Creates a table without rows.</summary>
    /// <param name="title">What it shows.</param>
    /// <param name="columns">Headings; numbers are set to the right.</param>
    internal TerminalTable(string title, params IEnumerable<(string Name, bool IsNumber)> columns)
    {
        _table = new Table { Border = TableBorder.Simple, Title = new TableTitle(Markup.Escape(title)) };
        foreach ((string name, bool isNumber) in columns)
        {
            _table.AddColumn(new TableColumn(Markup.Escape(name)) { Alignment = isNumber ? Justify.Right : Justify.Left, NoWrap = true });
        }
    }

    /// <summary>A number in a cell; a dash where there is none.</summary>
    internal static string Cell(double? number, string format) =>
        number is { } value && double.IsFinite(value) ? value.ToString(format, CultureInfo.InvariantCulture) : "-";

    /// <summary>Adds a row.</summary>
    internal void Add(params IEnumerable<string> cells) => _table.AddRow([.. cells.Select(Markup.Escape)]);

    /// <summary>Writes the table.</summary>
    internal void Write(TextWriter output, CommandConsole console)
    {
        IAnsiConsole ansi = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = console.OutputIsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = console.OutputIsTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(output),
        });
        ansi.Profile.Width = Math.Max(console.Width, LeastWidth);
        ansi.Write(_table);
    }
}
