using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>The texts on which <see cref="AblationEffects"/> are measured.</summary>
public static class AblationTexts
{
    /// <summary>Reads texts as tokens, evenly over a file, so that one sorted by topic does not give one topic only.</summary>
    /// <param name="text">The file.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="description">The model; longer texts are cut to its positions.</param>
    /// <param name="most">How many texts at most, at least 1.</param>
    /// <param name="maximumTokens">Longer texts are cut to this too.</param>
    /// <exception cref="InputException">No text has a token.</exception>
    public static IReadOnlyList<int[]> Read(TextSource text, Tokenizer tokenizer, ModelDescription description, int most, int maximumTokens = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(description);
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumTokens, 1);
        int limit = Math.Min(maximumTokens, description.MaximumPositions), rows = text.RowCount, kept = Math.Min(most, rows);
        List<int[]> texts = [];
        foreach (TextRow row in text.ReadRows())
        {
            // The i-th of the kept texts is the first at or after i / kept of the file.
            if ((long)row.Index * kept / rows != ((row.Index - 1L) * kept / rows) || row.Index == 0)
            {
                int[] ids = tokenizer.Encode(row.Text);
                if (ids.Length > 0)
                {
                    texts.Add(ids.Length > limit ? ids[..limit] : ids);
                }
            }
        }

        return texts.Count > 0 ? texts : throw new InputException(text.Path, "has no text with a token", "give texts that the model can read");
    }
}
