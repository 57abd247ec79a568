namespace CircuitLasso.Models;

/// <summary>Several decoders, one after the other (type "Sequence").</summary>
internal sealed class DecoderSequence(IReadOnlyList<IDecoder> decoders) : IDecoder
{
    /// <summary>Reads the component.</summary>
    public static IDecoder Read(JsonSection component) =>
        new DecoderSequence([.. component.Required("decoders").Items().Select(TokenizerComponents.ReadDecoder)]);

    /// <inheritdoc/>
    public IReadOnlyList<string> Decode(IReadOnlyList<string> tokens) => decoders.Aggregate(tokens, (list, decoder) => decoder.Decode(list));

    /// <inheritdoc/>
    public string Show(string token) => decoders.Aggregate(token, (text, decoder) => decoder.Show(text));
}
