using CircuitLasso.Numerics;

namespace CircuitLasso.Tests;

public sealed class GrammarExampleTests
{
    private const int PerPhenomenon = 400;
    private static readonly PhraseGrammar _grammar = EmbeddedGrammar.Load();
    private static readonly EnglishLexicon _lexicon = new();
    private static readonly IReadOnlyList<GrammarExample> _examples = _grammar.GenerateExamples(21, PerPhenomenon * _grammar.Phenomena.Count);

    [Fact]
    public void Twins_differ_in_exactly_the_critical_word()
    {
        foreach (GrammarExample example in _examples)
        {
            string[] sentence = example.Sentence.Split(' ');
            string[] twin = example.Twin.Split(' ');
            int critical = example.Prefix.Split(' ').Length;
            Assert.Equal(sentence.Length, twin.Length);
            Assert.Equal([critical], Enumerable.Range(0, sentence.Length).Where(i => sentence[i] != twin[i]));
            Assert.Equal(example.Prefix, string.Join(' ', sentence[..critical]));
            bool isA = example.Grammatical == GrammaticalAnswer.A;
            Assert.Equal(isA ? example.AnswerA : example.AnswerB, sentence[critical]);
            Assert.Equal(isA ? example.AnswerB : example.AnswerA, twin[critical]);
        }
    }

    [Fact]
    public void The_sentence_is_grammatical_and_nothing_could_follow_the_wrong_answer()
    {
        EnglishChecker checker = new(_lexicon);
        foreach (GrammarExample example in _examples)
        {
            Assert.True(checker.Judge(example.Sentence).IsGrammatical, example.Sentence);
            (bool isGrammatical, int firstWrongWord) = checker.Judge(example.Twin);
            Assert.False(isGrammatical, example.Twin);
            Assert.True(firstWrongWord == example.Prefix.Split(' ').Length, $"{example.Twin}: first wrong word is {firstWrongWord}");
        }
    }

    [Fact]
    public void With_the_other_form_of_the_cue_the_other_answer_is_the_only_one_that_can_follow()
    {
        EnglishChecker checker = new(_lexicon);
        foreach (GrammarExample example in _examples)
        {
            string[] prefix = example.Prefix.Split(' ');
            prefix[example.Cue] = OtherForm(prefix[example.Cue], Contrast(example));
            string changed = string.Join(' ', prefix);
            (string right, string wrong) = example.Grammatical == GrammaticalAnswer.A ? (example.AnswerA, example.AnswerB) : (example.AnswerB, example.AnswerA);
            Assert.Equal(prefix.Length, checker.Judge($"{changed} {right}").FirstWrongWord);
            Assert.Equal(prefix.Length + 1, checker.Judge($"{changed} {wrong}").FirstWrongWord);
        }
    }

    [Fact]
    public void The_opposite_prefix_has_a_noun_that_decides_in_its_other_number_and_there_is_none_for_genders_and_determiners()
    {
        foreach (GrammarExample example in _examples)
        {
            string[] prefix = example.Prefix.Split(' ');
            prefix[example.Cue] = OtherForm(prefix[example.Cue], Contrast(example));
            Assert.Equal(Contrast(example) == "number" && example.Phenomenon != "determiner_number" ? string.Join(' ', prefix) : null, _grammar.OppositePrefix(example));
        }

        Assert.Throws<InputException>(() => _grammar.OppositePrefix(_examples[0] with { Phenomenon = "island" }));
    }

    [Fact]
    public void Cue_and_attractor_point_at_the_right_words()
    {
        foreach (GrammarExample example in _examples)
        {
            string[] prefix = example.Prefix.Split(' ');
            int[] nouns = [.. Enumerable.Range(0, prefix.Length).Where(i => _lexicon.Is(prefix[i], "noun"))];
            int[] determiners = [.. Enumerable.Range(0, prefix.Length).Where(i => _lexicon.Is(prefix[i], "counting_determiner"))];
            (int cue, int attractor) = example.Phenomenon switch
            {
                "agreement_simple" => (Assert.Single(nouns), -1),
                "agreement_within_relative" or "agreement_clause" => (nouns[1], nouns[0]),
                "determiner_number" => (determiners[^1], Assert.Single(nouns)),
                _ => (nouns[0], nouns[1]),
            };
            Assert.Equal((cue, attractor), (example.Cue, example.Attractor));
        }
    }

    [Fact]
    public void Answers_stand_in_their_fixed_order()
    {
        foreach (GrammarExample example in _examples)
        {
            (string feature, string a, string b) = Contrast(example) == "number" ? ("number", "plural", "singular") : ("gender", "masculine", "feminine");
            Assert.Contains(_lexicon.Forms, form => form.Word == example.AnswerA && form.Fits(feature, a) && !form.Fits(feature, b));
            Assert.Contains(_lexicon.Forms, form => form.Word == example.AnswerB && form.Fits(feature, b) && !form.Fits(feature, a));
        }
    }

    [Fact]
    public void Answers_phenomena_and_attractors_are_balanced()
    {
        foreach (IGrouping<string, GrammarExample> group in _examples.GroupBy(example => example.Phenomenon))
        {
            Assert.Equal(PerPhenomenon, group.Count());
            Assert.Equal(PerPhenomenon / 2, group.Count(example => example.Grammatical == GrammaticalAnswer.A));
            if (group.Key != "agreement_simple")
            {
                Assert.All(group.GroupBy(example => (example.Grammatical, AttractorMatches(example))), cell => Assert.Equal(PerPhenomenon / 4, cell.Count()));
            }
        }

        Assert.Equal(_grammar.Phenomena, _examples.Select(example => example.Phenomenon).Distinct());
    }

    [Fact]
    public void No_example_comes_twice() =>
        Assert.Equal(_examples.Count, _examples.Select(example => (example.Prefix, example.AnswerA)).Distinct().Count());

    [Fact]
    public void A_gendered_pronoun_has_one_possible_antecedent()
    {
        // The attractor of a free pronoun is plural, or "she" after "the boy near the girl" could mean the girl.
        foreach (GrammarExample example in _examples.Where(example => example.Phenomenon is "pronoun_gender" or "possessive_gender"))
        {
            string[] people = [.. example.Prefix.Split(' ').Where(word => _lexicon.Readings(word, "noun").Any(form => form.Fits("kind", "person") && form.Fits("number", "singular")))];
            Assert.Single(people);
        }
    }

    [Fact]
    public void A_reflexive_refers_to_a_noun_whose_gender_is_certain()
    {
        // Many speakers accept "the teacher washed themselves", so such a noun would not decide between the answers.
        foreach (GrammarExample example in _examples.Where(example => example.Phenomenon.StartsWith("reflexive", StringComparison.Ordinal)))
        {
            EnglishLexicon.Form cue = _lexicon.Readings(example.Prefix.Split(' ')[example.Cue], "noun").Single();
            Assert.Single(cue.Features["gender"]);
        }
    }

    [Fact]
    public void Examples_of_chosen_phenomena_come_in_turn()
    {
        IReadOnlyList<GrammarExample> examples = _grammar.GenerateExamples(1, 6, ["reflexive_number", "agreement_pp"], ExampleSplit.Training);
        Assert.Equal(["reflexive_number", "agreement_pp", "reflexive_number", "agreement_pp", "reflexive_number", "agreement_pp"], examples.Select(example => example.Phenomenon));
    }

    [Fact]
    public void An_unknown_phenomenon_and_an_empty_list_are_refused()
    {
        Assert.Contains("'word_order'", Assert.Throws<InputException>(() => _grammar.GenerateExamples(1, 1, ["word_order"], ExampleSplit.All)).Message, StringComparison.Ordinal);
        Assert.Throws<InputException>(() => _grammar.GenerateExamples(1, 1, [], ExampleSplit.All));
    }

    private static string Contrast(GrammarExample example) => example.Phenomenon.EndsWith("_gender", StringComparison.Ordinal) ? "gender" : "number";

    private static bool AttractorMatches(GrammarExample example)
    {
        string value = (Contrast(example), example.Grammatical) switch
        {
            ("number", GrammaticalAnswer.A) => "plural",
            ("number", _) => "singular",
            (_, GrammaticalAnswer.A) => "masculine",
            _ => "feminine",
        };
        return _lexicon.Readings(example.Prefix.Split(' ')[example.Attractor], "noun").Single().Fits(Contrast(example), value);
    }

    // The same noun in the other number; a noun of the other gender; a determiner of the other number.
    private static string OtherForm(string word, string contrast)
    {
        EnglishLexicon.Form form = _lexicon.Forms.First(candidate => candidate.Word == word && candidate.Category is "noun" or "counting_determiner");
        return _lexicon.Forms.First(other => other.Category == form.Category && other.Features[contrast][0] != form.Features[contrast][0]
            && (contrast == "number" ? form.Category != "noun" || other.Lemma == form.Lemma : other.Fits("gendered", "yes") && other.Features["number"][0] == form.Features["number"][0])).Word;
    }
}
