namespace CircuitLasso;

/// <summary>The grammar of English that the embedded model is trained on, and its tokenizer, both inside this assembly.</summary>
public static class EmbeddedGrammar
{
    private const string GrammarResource = "CircuitLasso.Grammar.grammar.json";
    private const string TokenizerResource = "CircuitLasso.Grammar.tokenizer.json";

    /// <summary>The bytes of <c>assets/grammar/grammar.json</c>; the caller disposes of the stream.</summary>
    public static Stream OpenGrammar() => Open(GrammarResource);

    /// <summary>The bytes of <c>assets/grammar/tokenizer.json</c>; the caller disposes of the stream.</summary>
    public static Stream OpenTokenizer() => Open(TokenizerResource);

    /// <summary>Reads the grammar.</summary>
    public static PhraseGrammar Load()
    {
        using Stream stream = OpenGrammar();
        return PhraseGrammar.Load(stream, "the embedded grammar.json");
    }

    private static Stream Open(string name) =>
        typeof(EmbeddedGrammar).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"The assembly lacks its resource {name}.");
}
