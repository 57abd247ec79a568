using System.Security.Cryptography;
using System.Text;

namespace CircuitLasso.Tests;

public sealed class PhraseGrammarTests
{
    private static readonly PhraseGrammar _grammar = EmbeddedGrammar.Load();

    [Fact]
    public void Agreement_and_reference_hold_in_ten_thousand_sentences()
    {
        EnglishChecker checker = new(new EnglishLexicon());
        string[] wrong = [.. _grammar.GenerateTrainingText(11).Take(10_000).Where(sentence => !checker.Judge(sentence).IsGrammatical)];
        Assert.Empty(wrong);
    }

    [Fact]
    public void Sentences_are_lower_case_words_with_single_spaces_that_end_in_a_full_stop_and_are_short()
    {
        foreach (string sentence in _grammar.GenerateTrainingText(12).Take(5_000))
        {
            string[] words = sentence.Split(' ');
            Assert.Equal(".", words[^1]);
            Assert.InRange(words.Length, 3, 16);
            Assert.All(words[..^1], word => Assert.Matches("^[a-z]+$", word));
        }
    }

    [Fact]
    public void The_same_seed_gives_the_recorded_text()
    {
        string text = string.Join('\n', _grammar.GenerateTrainingText(1).Take(10_000));
        Assert.Equal("efbae35c7be7e4fdca0b1d0b11e203d5d1413ea550c56a77ba9200284fc7cac1", Hash(Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void The_same_seed_gives_the_recorded_examples()
    {
        using MemoryStream stream = new();
        GrammarExampleFile.Write(stream, _grammar.GenerateExamples(1, 1_100, ExampleSplit.HeldOut));
        Assert.Equal("95c4228953cd1befe9fd1533a061c4f86c2281e5159a2c37bc10cec11c1c7afc", Hash(stream.ToArray()));
    }

    [Fact]
    public void Different_seeds_give_different_texts() =>
        Assert.NotEqual(_grammar.GenerateTrainingText(1).Take(20), _grammar.GenerateTrainingText(2).Take(20));

    [Fact]
    public void A_text_can_be_enumerated_twice_with_the_same_result()
    {
        IEnumerable<string> text = _grammar.GenerateTrainingText(3).Take(100);
        Assert.Equal(text.ToArray(), text.ToArray());
    }

    [Fact]
    public void No_held_out_prefix_begins_a_training_sentence()
    {
        HashSet<string> beginnings = [];
        foreach (string sentence in _grammar.GenerateTrainingText(4).Take(30_000))
        {
            for (int end = sentence.IndexOf(' ', StringComparison.Ordinal); end >= 0; end = sentence.IndexOf(' ', end + 1))
            {
                beginnings.Add(sentence[..end]);
            }
        }

        IReadOnlyList<GrammarExample> heldOut = _grammar.GenerateExamples(5, 2_200, ExampleSplit.HeldOut);
        Assert.All(heldOut, example => Assert.True(PhraseGrammar.IsHeldOut(example.Prefix) && !beginnings.Contains(example.Prefix)));

        // The test would pass on a text that shares no beginning with any example: those of the other split do occur.
        IReadOnlyList<GrammarExample> training = _grammar.GenerateExamples(5, 2_200, ExampleSplit.Training);
        Assert.All(training, example => Assert.False(PhraseGrammar.IsHeldOut(example.Prefix)));
        Assert.InRange(training.Count(example => beginnings.Contains(example.Prefix)), 100, 2_200);
    }

    [Fact]
    public void Whatever_begins_with_a_held_out_prefix_is_held_out()
    {
        foreach (GrammarExample example in _grammar.GenerateExamples(6, 220, ExampleSplit.HeldOut))
        {
            Assert.True(PhraseGrammar.IsHeldOut(example.Sentence));
            Assert.True(PhraseGrammar.IsHeldOut(example.Twin));
        }
    }

    [Fact]
    public void A_small_but_not_tiny_share_of_prefixes_is_held_out()
    {
        IReadOnlyList<GrammarExample> examples = _grammar.GenerateExamples(7, 2_200);
        Assert.InRange(examples.Count(example => PhraseGrammar.IsHeldOut(example.Prefix)) / (double)examples.Count, 0.08, 0.2);
        Assert.False(PhraseGrammar.IsHeldOut("the boy"));
    }

    [Fact]
    public void Text_is_the_same_from_several_threads_at_once()
    {
        string[] expected = [.. _grammar.GenerateTrainingText(8).Take(500)];
        string[][] texts = new string[4][];
        Parallel.For(0, texts.Length, i => texts[i] = [.. _grammar.GenerateTrainingText(8).Take(500)]);
        Assert.All(texts, text => Assert.Equal(expected, text));
    }

    [Fact]
    public void The_lexicon_has_no_form_that_could_be_read_as_another()
    {
        EnglishLexicon lexicon = new();
        foreach (IGrouping<string, EnglishLexicon.Form> word in lexicon.Forms.GroupBy(form => form.Word))
        {
            string[] categories = [.. word.Select(form => form.Category).Distinct()];
            Assert.True(categories.Length == 1 || word.Key == "that", $"{word.Key} is {string.Join(" and ", categories)}");
        }

        // "hurt" or "sheep" would make both answers grammatical.
        Assert.All(lexicon.Forms.Where(form => form.Category == "noun"), form => Assert.Single(form.Features["number"]));
        Assert.All(lexicon.Forms.GroupBy(form => (form.Category, form.Word)), group => Assert.Single(group.Select(form => string.Join(' ', form.Features.GetValueOrDefault("number", []))).Distinct()));
    }

    [Fact]
    public void No_word_after_the_article_a_begins_with_a_vowel()
    {
        string[] wrong = [.. new EnglishLexicon().Forms.Where(form => form.Category is "noun" or "adjective" && "aeiou".Contains(form.Word[0], StringComparison.Ordinal)).Select(form => form.Word)];
        Assert.Empty(wrong);
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
