using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>Several texts as token ids, padded on the right to the longest. Immutable.</summary>
public sealed class TokenBatch
{
    private readonly int[] _ids;
    private readonly int[] _lengths;

    /// <summary>Pads the texts.</summary>
    /// <param name="texts">Token ids of each text, at least one text and one token each.</param>
    /// <param name="padding">The id written after a text's end; no result depends on it.</param>
    /// <exception cref="ArgumentException">There is no text, or one without tokens.</exception>
    public TokenBatch(IReadOnlyList<int[]> texts, int padding = 0)
    {
        ArgumentNullException.ThrowIfNull(texts);
        if (texts.Count == 0 || texts.Any(text => text.Length == 0))
        {
            throw new ArgumentException("A batch needs at least one text and every text at least one token.", nameof(texts));
        }

        Positions = texts.Max(text => text.Length);
        _lengths = [.. texts.Select(text => text.Length)];
        _ids = new int[checked(texts.Count * Positions)];
        Array.Fill(_ids, padding);
        for (int i = 0; i < texts.Count; i++)
        {
            texts[i].CopyTo(_ids, i * Positions);
        }
    }

    /// <summary>Number of texts.</summary>
    public int Count => _lengths.Length;

    /// <summary>Positions of the longest text.</summary>
    public int Positions { get; }

    /// <summary>Ids, Count x Positions, row-major.</summary>
    public ReadOnlySpan<int> Ids => _ids;

    /// <summary>Number of real tokens of each text.</summary>
    public ReadOnlySpan<int> Lengths => _lengths;

    internal void RequireFits(ModelDescription description)
    {
        if (Positions > description.MaximumPositions)
        {
            throw new InputException("text", $"{Positions} tokens, but the model was made for {description.MaximumPositions} positions", "cut the text");
        }

        foreach (int id in _ids)
        {
            if ((uint)id >= (uint)description.VocabularySize)
            {
                throw new InputException("text", $"token id {id} is outside the model's vocabulary of {description.VocabularySize}", "use the tokenizer that belongs to the model");
            }
        }
    }
}
