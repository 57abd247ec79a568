using System.Text.Json;
using CircuitLasso.Models;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class GrammarVocabularyTests
{
    /// <summary>Run once with UPDATE_GRAMMAR_TOKENIZER=1 after a change of the grammar to write the file anew.</summary>
    [Fact]
    public void The_tokenizer_file_in_the_repository_is_what_the_grammar_generates()
    {
        string path = Path.Combine(SharedData.RepositoryRoot, "assets", "grammar", "tokenizer.json");
        byte[] generated = Generate();
        if (Environment.GetEnvironmentVariable("UPDATE_GRAMMAR_TOKENIZER") == "1")
        {
            File.WriteAllBytes(path, generated);
        }

        Assert.Equal(File.ReadAllBytes(path), generated);
    }

    [Fact]
    public void The_embedded_tokenizer_is_the_file_in_the_repository()
    {
        using Stream stream = EmbeddedGrammar.OpenTokenizer();
        using MemoryStream bytes = new();
        stream.CopyTo(bytes);
        Assert.Equal(File.ReadAllBytes(Path.Combine(SharedData.RepositoryRoot, "assets", "grammar", "tokenizer.json")), bytes.ToArray());
    }

    [Fact]
    public void The_vocabulary_has_a_few_hundred_words_and_distinct_consecutive_ids()
    {
        using JsonDocument tokenizer = JsonDocument.Parse(Generate());
        JsonElement model = tokenizer.RootElement.GetProperty("model");
        Assert.Equal("WordLevel", model.GetProperty("type").GetString());
        (string Token, int Id)[] vocabulary = [.. model.GetProperty("vocab").EnumerateObject().Select(entry => (entry.Name, entry.Value.GetInt32()))];
        Assert.Equal(Enumerable.Range(0, vocabulary.Length), vocabulary.Select(entry => entry.Id));
        Assert.Equal(vocabulary.Length, vocabulary.Select(entry => entry.Token).Distinct().Count());
        Assert.InRange(vocabulary.Length, 250, 400);
        Assert.Equal(GrammarVocabulary.Tokens(EmbeddedGrammar.Load()), vocabulary.Select(entry => entry.Token));
    }

    [Fact]
    public void Every_word_of_generated_text_is_a_token_and_every_token_occurs()
    {
        PhraseGrammar grammar = EmbeddedGrammar.Load();
        HashSet<string> seen = [.. grammar.GenerateTrainingText(5).Take(20_000).SelectMany(sentence => sentence.Split(' '))];
        Assert.Equal(grammar.Words, seen.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_tokenizer_puts_the_beginning_first_and_gives_every_word_its_id()
    {
        Tokenizer tokenizer = Tokenizer.Load(Path.Combine(SharedData.RepositoryRoot, "assets", "grammar", "tokenizer.json"));
        PhraseGrammar grammar = EmbeddedGrammar.Load();
        string[] tokens = [.. GrammarVocabulary.Tokens(grammar)];
        Assert.Equal(tokens.Length, tokenizer.VocabularySize);
        foreach (string sentence in grammar.GenerateTrainingText(6).Take(500))
        {
            int[] expected = [1, .. sentence.Split(' ').Select(word => Array.IndexOf(tokens, word))];
            Assert.Equal(expected, tokenizer.Encode(sentence));
        }

        Assert.Equal([1, Array.IndexOf(tokens, "the"), 0], tokenizer.Encode("the zebra"));
    }

    private static byte[] Generate()
    {
        using MemoryStream stream = new();
        GrammarVocabulary.WriteTokenizer(EmbeddedGrammar.Load(), stream);
        return stream.ToArray();
    }
}
