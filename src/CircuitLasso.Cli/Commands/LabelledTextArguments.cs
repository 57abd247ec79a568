using System.CommandLine;
using System.CommandLine.Parsing;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary>The options that put a circuit's readout to labelled texts.</summary>
internal sealed class LabelledTextArguments
{
    private readonly Option<string?> _file = new("--text")
    {
        Description = "For circuits of features: labelled texts in the place of --task; the behaviour is what the fitted readout says of each text's own class. Best texts that nothing was learnt from.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _textColumn = new("--text-column")
    {
        Description = "With --text: where the text is: a column's number (from 1) or name, or a JSON field [default: the only column, or the field 'text'].",
        HelpName = "N",
    };

    private readonly Option<string?> _labelColumn = new("--label-column") { Description = "With --text: where each text's label is, named likewise: a class of the readout, or a number.", HelpName = "N" };
    private readonly Option<int?> _count = new Option<int?>("--texts") { Description = "With --text: take the first N texts [default: all].", HelpName = "N" }.AtLeast(1);

    internal void AddTo(Command command)
    {
        command.Add(_file);
        command.Add(_textColumn);
        command.Add(_labelColumn);
        command.Add(_count);
    }

    internal string? File(ParseResult options) => options.GetValue(_file);

    /// <summary>Refuses the options without features, or beside a task.</summary>
    internal void RequireAlone(ParseResult options, bool hasFeatures, bool hasTask)
    {
        foreach (Option option in (Option[])[_file, _textColumn, _labelColumn, _count])
        {
            if (options.GetResult(option) is not { Implicit: false })
            {
                continue;
            }

            string? problem = !hasFeatures ? "is for circuits of features" : File(options) is null ? "is for labelled texts, and --text is missing" : hasTask ? "stands beside --task" : null;
            if (problem is not null)
            {
                throw new InputException(option.Name, problem, hasFeatures ? "give pairs (--task) or labelled texts (--text), not both" : "leave it out, or name autoencoders (--sae)");
            }
        }
    }

    /// <summary>Reads the texts.</summary>
    internal LabelledTaskFile Read(ParseResult options, Tokenizer tokenizer, ReadoutBehaviour readout) => LabelledTaskFile.Read(
        File(options)!,
        options.GetValue(_textColumn),
        options.GetValue(_labelColumn) ?? throw new InputException("--label-column", "is missing", "say where the label of each text is"),
        tokenizer,
        readout,
        options.GetValue(_count));
}
