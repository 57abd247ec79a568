namespace CircuitLasso.Models;

/// <summary>Several pre-tokenizers, one after the other (type "Sequence").</summary>
internal sealed class PreTokenizerSequence(IReadOnlyList<IPreTokenizer> preTokenizers) : IPreTokenizer
{
    /// <inheritdoc/>
    public bool ReadsOrigins { get; } = preTokenizers.Any(preTokenizer => preTokenizer.ReadsOrigins);

    /// <summary>Reads the component.</summary>
    public static IPreTokenizer Read(JsonSection component) =>
        new PreTokenizerSequence([.. component.Required("pretokenizers").Items().Select(TokenizerComponents.ReadPreTokenizer)]);

    /// <inheritdoc/>
    public PreTokenizedText PreTokenize(PreTokenizedText input)
    {
        foreach (IPreTokenizer preTokenizer in preTokenizers)
        {
            input = preTokenizer.PreTokenize(input);
        }

        return input;
    }
}
