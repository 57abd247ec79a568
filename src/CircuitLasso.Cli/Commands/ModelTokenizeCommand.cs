using System.CommandLine;
using CircuitLasso.Models;

namespace CircuitLasso.Cli;

/// <summary><c>model tokenize DIR --text FILE</c>.</summary>
internal sealed class ModelTokenizeCommand : ToolCommand
{
    private readonly Argument<string> _folder = ModelArguments.Folder();
    private readonly TextArguments _text = new();

    public ModelTokenizeCommand()
        : base("tokenize", "Print the token ids of every row of a text file, as the model reads them.")
    {
        Add(_folder);
        _text.AddTo(this);
    }

    internal override int Run(ParseResult options, CommandContext context)
    {
        Tokenizer tokenizer = Tokenizer.Load(HubArguments.ModelFolder(options.GetRequiredValue(_folder), context));
        TextSource source = _text.Open(options, [], allowEmptyText: true);
        context.Print(
            output =>
            {
                foreach (TextRow row in source.ReadRows())
                {
                    context.Cancellation.ThrowIfCancellationRequested();
                    output.WriteLine(string.Join(' ', tokenizer.Encode(row.Text)));
                }
            },
            json =>
            {
                json.WriteStartArray("rows");
                foreach (TextRow row in source.ReadRows())
                {
                    context.Cancellation.ThrowIfCancellationRequested();
                    json.WriteStartArray();
                    foreach (int id in tokenizer.Encode(row.Text))
                    {
                        json.WriteNumberValue(id);
                    }

                    json.WriteEndArray();
                }

                json.WriteEndArray();
            });
        return ExitCode.Done;
    }
}
