using System.Text;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class HostileGrammarTests
{
    private const string Small = """
        {
          "format": "circuitlasso-phrase-grammar", "version": 1, "start": "s", "maximum_words": 8,
          "features": { "number": ["plural", "singular"], "tense": ["now", "then"] },
          "lexicon": {
            "noun": { "features": ["number"], "once": true, "paradigm": [{ "number": "singular" }, { "number": "plural" }], "groups": [{ "words": ["boy boys", "box boxes"] }] },
            "verb": { "features": ["number", "tense"], "groups": [
              { "lemma": "run", "number": "plural", "tense": "now", "words": ["run"] }, { "lemma": "run", "number": "singular", "tense": "now", "words": ["runs"] },
              { "lemma": "run", "tense": "then", "words": ["ran"] }] },
            "near": { "features": [], "groups": [{ "words": ["near"] }] },
            "stop": { "features": [], "groups": [{ "words": ["."] }] }
          },
          "rules": [
            { "rule": "s -> agreement" }, { "rule": "s -> noun verb[tense=then] stop" },
            { "rule": "np[number=?n] -> noun[number=?n]" }, { "rule": "np[number=?n] -> ^np[number=?n] near np", "weight": 2 },
            { "rule": "agreement -> np[number=?n]@cue verb[number=?n,tense=now]@critical stop" }
          ],
          "phenomena": [{ "name": "agreement", "contrast": "number", "a": "plural", "b": "singular" }]
        }
        """;

    [Fact]
    public void The_small_grammar_is_sound_before_it_is_damaged()
    {
        PhraseGrammar grammar = Load(Small);
        Assert.Equal([".", "box", "boxes", "boy", "boys", "near", "ran", "run", "runs"], grammar.Words);
        Assert.All(grammar.GenerateTrainingText(1).Take(200), sentence => Assert.InRange(sentence.Split(' ').Length, 3, 8));
        IReadOnlyList<GrammarExample> examples = grammar.GenerateExamples(1, 12);
        Assert.All(examples, example => Assert.Equal(0, example.Cue));
        Assert.All(examples, example => Assert.Equal(example.Prefix.Split(' ')[0] is "boys" or "boxes" ? GrammaticalAnswer.A : GrammaticalAnswer.B, example.Grammatical));
        Assert.Contains(examples, example => example.Prefix == "boxes near boy");
    }

    [Theory]
    [InlineData("verb[tense=then]", "adverb", "unknown category 'adverb'")]
    [InlineData("verb[tense=then]", "verb[tense=soon]", "no value 'soon'")]
    [InlineData("verb[tense=then]", "verb[mood=then]", "unknown feature 'mood'")]
    [InlineData("noun verb[tense=then]", "noun[tense=then] verb", "no feature 'tense'")]
    [InlineData("verb[tense=then]", "verb[tense=then", "not a symbol")]
    [InlineData("s -> agreement", "s = agreement", "not of the form")]
    [InlineData("s -> agreement", "s ->", "not of the form")]
    [InlineData("s -> agreement", "s -> s", "cycle without end")]
    [InlineData("-> noun[number=?n]", "-> np[number=?n] noun[number=?n]", "derives no sentence")]
    [InlineData("near np", "near np[number=?n] stop stop stop stop stop stop stop stop stop stop stop stop stop stop stop stop stop stop stop stop stop stop stop stop stop stop stop stop stop stop stop stop", "not of the form")]
    [InlineData("noun[number=?n]\" }, {", "noun[number=?n]\" }, { \"rule\": \"np[number=?n] -> other[number=?n]\" }, { \"rule\": \"other[number=?n] -> np[number=?n]\" }, {", "cycle without end")]
    [InlineData("verb[number=?n,tense=now]", "verb[number=?n,tense=?n]", "lists of values differ")]
    [InlineData("verb[number=?n,tense=now]@critical", "verb[number=?n]@critical", "not exactly one other form")]
    [InlineData("verb[number=?n,tense=now]@critical", "verb[number=plural,tense=now]@critical verb", "only one of its two answers")]
    [InlineData("np[number=?n]@cue", "np[number=?n]", "must mark one @cue")]
    [InlineData("np[number=?n]@cue verb[number=?n,tense=now]@critical", "verb[number=?n,tense=now]@critical np[number=?n]@cue", "before @critical")]
    [InlineData("^np[number=?n] near", "np[number=?n] near", "no symbol is marked with ^")]
    [InlineData("s -> noun verb", "s -> noun@cue verb", "no phenomenon")]
    [InlineData("s -> noun verb", "^s -> noun verb", "neither ^ nor @")]
    [InlineData("\"words\": [\"near\"]", "\"words\": []", "has no words")]
    [InlineData("\"words\": [\"near\"]", "\"words\": [\"near far\"]", "2 forms")]
    [InlineData("\"words\": [\"near\"]", "\"words\": [\"Near\"]", "lower-case")]
    [InlineData("\"words\": [\"near\"]", "\"words\": [7]", "not a list of strings")]
    [InlineData("boy boys", "boy", "1 forms")]
    [InlineData("\"rule\": \"s -> noun verb[tense=then] stop\"", "\"rule\": \"s -> agreement\"", "no sentence can use the word 'ran'")]
    [InlineData("\"rule\": \"s -> agreement\" }", "\"rule\": \"s -> agreement\" }, { \"rule\": \"t -> stop\" }", "no sentence can use the rule 't -> stop'")]
    [InlineData("\"start\": \"s\"", "\"start\": \"noun\"", "no rule defines 'noun'")]
    [InlineData("\"weight\": 2", "\"weight\": 0", "'weight'")]
    [InlineData("\"maximum_words\": 8", "\"maximum_words\": 1000000", "'maximum_words'")]
    [InlineData("\"maximum_words\": 8", "\"maximum_words\": 2", "more than maximum_words")]
    [InlineData("\"version\": 1", "\"version\": 2", "version 1")]
    [InlineData("\"a\": \"plural\"", "\"a\": \"singular\"", "not two values")]
    [InlineData("\"number\": [\"plural\", \"singular\"]", "\"number\": [\"plural\", \"plural\"]", "has a value twice")]
    [InlineData("\"rules\"", "\"rulez\"", "no 'rules'")]
    [InlineData("\"stop\": {", "\"np\": {", "both words and rules")]
    [InlineData("\"boy boys\"", "\"\\ud800\"", "not valid text")]
    public void A_wrong_grammar_is_refused_with_what_is_wrong(string part, string replacement, string problem)
    {
        Assert.Contains(part, Small, StringComparison.Ordinal);
        InputException exception = Assert.Throws<InputException>(() => Load(Small.Replace(part, replacement, StringComparison.Ordinal)));
        Assert.StartsWith("small.json: ", exception.Message, StringComparison.Ordinal);
        Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_grammar_whose_variables_have_too_many_readings_is_refused()
    {
        string features = string.Join(", ", Enumerable.Range('a', 8).Select(c => $"\"{(char)c}\": [\"k\", \"l\", \"m\", \"n\", \"o\", \"p\", \"q\", \"r\"]"));
        string variables = string.Join(',', Enumerable.Range('a', 8).Select(c => $"{(char)c}=?{(char)c}"));
        string grammar = Small.Replace("\"tense\": [", features + ", \"tense\": [", StringComparison.Ordinal)
            .Replace("{ \"rule\": \"s -> agreement\" }", $"{{ \"rule\": \"s -> agreement\" }}, {{ \"rule\": \"s -> big\" }}, {{ \"rule\": \"big[{variables}] -> stop\" }}", StringComparison.Ordinal);
        Assert.Contains("readings", Assert.Throws<InputException>(() => Load(grammar)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_chain_of_rules_is_refused_and_not_followed_down_the_stack()
    {
        string Name(int i) => $"c{(char)('a' + (i / 26))}{(char)('a' + (i % 26))}";
        string chain = string.Join(", ", Enumerable.Range(0, 600).Select(i => $"{{ \"rule\": \"{Name(i)} -> {(i == 599 ? "stop" : Name(i + 1))}\" }}"));
        string grammar = Small.Replace("{ \"rule\": \"s -> agreement\" }", $"{{ \"rule\": \"s -> agreement\" }}, {{ \"rule\": \"s -> {Name(0)}\" }}, {chain}", StringComparison.Ordinal);
        Assert.Contains("follow each other", Assert.Throws<InputException>(() => Load(grammar)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Asking_for_more_examples_than_there_are_ends_with_a_message() =>
        Assert.Contains("too few distinct examples of 'agreement'", Assert.Throws<InputException>(() => Load(Small).GenerateExamples(1, 100_000)).Message, StringComparison.Ordinal);

    [Fact]
    public void Damaged_grammars_are_refused_or_generate_text()
    {
        byte[] bytes = Encoding.UTF8.GetBytes(Small);
        Random random = new(2);
        int refused = 0;
        for (int round = 0; round < 2_000; round++)
        {
            refused += IsRefused(Damage(bytes, random)) ? 1 : 0;
        }

        Assert.InRange(refused, 1_000, 1_999);
    }

    [Fact]
    public void Damage_to_the_embedded_grammar_is_refused_or_generates_text()
    {
        byte[] bytes = File.ReadAllBytes(Path.Combine(SharedData.RepositoryRoot, "assets", "grammar", "grammar.json"));
        Random random = new(3);
        int refused = 0;
        for (int round = 0; round < 25; round++)
        {
            refused += IsRefused(Damage(bytes, random)) ? 1 : 0;
        }

        Assert.InRange(refused, 5, 25);
    }

    private static bool IsRefused(byte[] bytes)
    {
        try
        {
            PhraseGrammar grammar = PhraseGrammar.Load(new MemoryStream(bytes), "damaged.json");
            Assert.Equal(5, grammar.GenerateTrainingText(1).Take(5).Count());
            return false;
        }
        catch (InputException)
        {
            return true;
        }
    }

    private static byte[] Damage(byte[] bytes, Random random)
    {
        byte[] damaged = random.Next(4) == 0 ? bytes[..random.Next(bytes.Length)] : [.. bytes];
        for (int flip = random.Next(1, 4); flip > 0 && damaged.Length > 0; flip--)
        {
            damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
        }

        return damaged;
    }

    private static PhraseGrammar Load(string text) => PhraseGrammar.Load(new MemoryStream(Encoding.UTF8.GetBytes(text)), "small.json");
}
