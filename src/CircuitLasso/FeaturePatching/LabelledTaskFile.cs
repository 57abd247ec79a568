using System.Globalization;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>A file of labelled texts, read into a <see cref="BehaviourTask"/> that asks a readout for them. Immutable.</summary>
/// <remarks>Texts become tokens as a collection makes them: what the tokenizer puts around a text is put there, and longer texts are cut as the readout's were, and to the model's positions.</remarks>
public sealed class LabelledTaskFile
{
    private LabelledTaskFile(BehaviourTask task, string sha256, string? message) => (Task, Sha256, Message) = (task, sha256, message);

    /// <summary>The texts.</summary>
    public BehaviourTask Task { get; }

    /// <summary>SHA-256 of the file, in lower-case hexadecimal digits.</summary>
    public string Sha256 { get; }

    /// <summary>One line for people on what was cut, or null where nothing was.</summary>
    public string? Message { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file, in the formats of <see cref="TextSource"/>.</param>
    /// <param name="textColumn">Where the text is, as <see cref="TextOptions.TextColumn"/> says.</param>
    /// <param name="labelColumn">Where the label is, named likewise: the name of a class of the readout, or a number where it gives numbers.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="readout">The readout, with the model's sites.</param>
    /// <param name="maximumTexts">How many texts are taken, from the first on; all if null.</param>
    /// <exception cref="InputException">The file is missing or wrong, a label is none of the readout's, or a text has no token.</exception>
    public static LabelledTaskFile Read(string path, string? textColumn, string labelColumn, Tokenizer tokenizer, ReadoutBehaviour readout, int? maximumTexts = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(labelColumn);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(readout);
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumTexts ?? 1, 1, nameof(maximumTexts));
        TextSource source = TextSource.Open(path, new TextOptions { TextColumn = textColumn, KeptColumns = [labelColumn] });
        int longest = Math.Min(readout.Readout.MaximumTokens ?? int.MaxValue, readout.Sites.Model.Description.MaximumPositions);
        List<BehaviourText> texts = [];
        int cut = 0;
        foreach (TextRow row in source.ReadRows().Take(maximumTexts ?? int.MaxValue))
        {
            string label = row.KeptColumns[labelColumn];
            double answer = readout.AnswerOf(label) ?? throw Wrong(
                row,
                readout.Readout.Classes.Count > 0 ? $"has the label '{label}', and the readout knows {string.Join(", ", readout.Readout.Classes.Take(20))}" : $"has the label '{label}', which is no number",
                "correct --label-column, or leave the row out");
            int[] ids = tokenizer.Encode(row.Text);
            cut += ids.Length > longest ? 1 : 0;
            ids = ids.Length > longest ? ids[..longest] : ids;
            texts.Add(ids.Length > 0 ? new BehaviourText(texts.Count, ids, ids, []) { Answer = answer } : throw Wrong(row, "has no tokens", "remove the row"));
        }

        BehaviourTask task = new(Path.GetFileNameWithoutExtension(path), texts, readout);
        task.RequireFits(readout.Sites.Model);
        return new LabelledTaskFile(task, source.Sha256, cut > 0 ? string.Create(CultureInfo.InvariantCulture, $"{cut} of {texts.Count} texts are cut to {longest} tokens") : null);

        InputException Wrong(TextRow row, string problem, string remedy) => new(path, string.Create(CultureInfo.InvariantCulture, $"line {row.Line} {problem}"), remedy);
    }
}
