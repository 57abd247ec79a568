using System.CommandLine;

namespace CircuitLasso.Cli;

/// <summary>The options that say which text to read.</summary>
/// <param name="withLabels">Whether the command reads labels.</param>
/// <param name="required">Whether there has to be a text.</param>
internal sealed class TextArguments(bool withLabels = false, bool required = true)
{
    private readonly Option<string> _file = new("--text")
    {
        Description = "A text file: plain lines, .tsv or .csv, .jsonl, or a JSON list of strings or objects (.json).",
        HelpName = "FILE",
        Required = required,
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
        if (withLabels)
        {
            command.Add(_labelColumn);
        }
    }

    public bool IsGiven(ParseResult options) => options.GetValue(_file) is not null;

    public TextSource Open(ParseResult options, IReadOnlyList<string> keptColumns, bool allowEmptyText = false) =>
        TextSource.Open(options.GetRequiredValue(_file), new TextOptions
        {
            TextColumn = options.GetValue(_textColumn),
            LabelColumn = withLabels ? options.GetValue(_labelColumn) : null,
            KeptColumns = keptColumns,
            AllowEmptyText = allowEmptyText,
        });
}
