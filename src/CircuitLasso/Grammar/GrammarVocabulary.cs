using System.Text.Encodings.Web;
using System.Text.Json;

namespace CircuitLasso;

/// <summary>The word-level tokenizer of a grammar: three special tokens and one token per word.</summary>
public static class GrammarVocabulary
{
    /// <summary>The token of a word that the grammar does not have; id 0.</summary>
    public const string Unknown = "<unk>";

    /// <summary>The token before every sentence, which the tokenizer adds; id 1.</summary>
    public const string BeginningOfSentence = "<s>";

    /// <summary>The token that a training text may put after a sentence; id 2.</summary>
    public const string EndOfSentence = "</s>";

    /// <summary>All tokens in the order of their ids: the special tokens, then the words in ordinal order.</summary>
    public static IReadOnlyList<string> Tokens(PhraseGrammar grammar)
    {
        ArgumentNullException.ThrowIfNull(grammar);
        return [Unknown, BeginningOfSentence, EndOfSentence, .. grammar.Words];
    }

    /// <summary>Writes the tokenizer as a Hugging Face <c>tokenizer.json</c>: model WordLevel, words split at white space, no decoder.</summary>
    /// <param name="grammar">The grammar.</param>
    /// <param name="stream">Where the bytes go; left open. The same grammar gives the same bytes.</param>
    public static void WriteTokenizer(PhraseGrammar grammar, Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        IReadOnlyList<string> tokens = Tokens(grammar);
        JsonWriterOptions options = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (Utf8JsonWriter json = new(stream, options))
        {
            json.WriteStartObject();
            json.WriteString("version", "1.0");
            json.WriteNull("truncation");
            json.WriteNull("padding");
            WriteAddedTokens(json);
            json.WriteNull("normalizer");
            json.WriteStartObject("pre_tokenizer");
            json.WriteString("type", "WhitespaceSplit");
            json.WriteEndObject();
            WritePostProcessor(json);
            json.WriteNull("decoder");
            json.WriteStartObject("model");
            json.WriteString("type", "WordLevel");
            json.WriteStartObject("vocab");
            for (int id = 0; id < tokens.Count; id++)
            {
                json.WriteNumber(tokens[id], id);
            }

            json.WriteEndObject();
            json.WriteString("unk_token", Unknown);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
    }

    private static void WriteAddedTokens(Utf8JsonWriter json)
    {
        json.WriteStartArray("added_tokens");
        string[] special = [Unknown, BeginningOfSentence, EndOfSentence];
        for (int id = 0; id < special.Length; id++)
        {
            json.WriteStartObject();
            json.WriteNumber("id", id);
            json.WriteString("content", special[id]);
            json.WriteBoolean("single_word", false);
            json.WriteBoolean("lstrip", false);
            json.WriteBoolean("rstrip", false);
            json.WriteBoolean("normalized", false);
            json.WriteBoolean("special", true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WritePostProcessor(Utf8JsonWriter json)
    {
        json.WriteStartObject("post_processor");
        json.WriteString("type", "TemplateProcessing");
        json.WriteStartArray("single");
        WritePiece(json, "SpecialToken", BeginningOfSentence, 0);
        WritePiece(json, "Sequence", "A", 0);
        json.WriteEndArray();
        json.WriteStartArray("pair");
        WritePiece(json, "SpecialToken", BeginningOfSentence, 0);
        WritePiece(json, "Sequence", "A", 0);
        WritePiece(json, "SpecialToken", BeginningOfSentence, 1);
        WritePiece(json, "Sequence", "B", 1);
        json.WriteEndArray();
        json.WriteStartObject("special_tokens");
        json.WriteStartObject(BeginningOfSentence);
        json.WriteString("id", BeginningOfSentence);
        json.WriteStartArray("ids");
        json.WriteNumberValue(1);
        json.WriteEndArray();
        json.WriteStartArray("tokens");
        json.WriteStringValue(BeginningOfSentence);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WritePiece(Utf8JsonWriter json, string kind, string id, int type)
    {
        json.WriteStartObject();
        json.WriteStartObject(kind);
        json.WriteString("id", id);
        json.WriteNumber("type_id", type);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
