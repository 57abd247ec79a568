using System.CommandLine;

namespace CircuitLasso.Cli;

/// <summary>The options that say which text to read.</summary>
internal sealed class TextArguments
{
    private readonly Option<string> _file = new("--text")
    {
        Description = "A text file: plain lines, .tsv or .csv, .jsonl, or a JSON list of strings or objects (.json).",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<string?> _textColumn = new("--text-column")
    {
        Description = "Where the text is: a column's number (from 1) or name, or a JSON field [default: the only column, or the field 'text'].",
        HelpName = "N",
    };

    private readonly Option<string?> _labelColumn = new("--label-column") { Description = "Where each row's class label is, named likewise.", HelpName = "N" };

    public void AddTo(Command command)
    {
        command.Add(_file);
        command.Add(_textColumn);
        if (command.Name == "collect")
        {
            command.Add(_labelColumn);
        }
    }

    public TextSource Open(ParseResult options, params IReadOnlyList<string> keptColumns) =>
        TextSource.Open(options.GetRequiredValue(_file), new TextOptions
        {
            TextColumn = options.GetValue(_textColumn),
            LabelColumn = options.GetValue(_labelColumn),
            KeptColumns = keptColumns,
        });
}
