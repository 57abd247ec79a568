namespace CircuitLasso.Tests;

/// <summary>The judge of the other tests is itself tested on sentences judged by hand.</summary>
public sealed class EnglishCheckerTests
{
    private readonly EnglishChecker _checker = new(new EnglishLexicon());

    [Theory]
    [InlineData("the boy near the girls is happy .")]
    [InlineData("the boys that the girl likes were happy because they slept .")]
    [InlineData("every king who loved the queens washed himself .")]
    [InlineData("the teacher trusts herself .")]
    [InlineData("the teacher trusts himself .")]
    [InlineData("the queens do not see these small boxes .")]
    [InlineData("the king near the queens sold his hat .")]
    [InlineData("she often smiles and the dog sees itself .")]
    public void Grammatical_sentences_are_accepted(string sentence) => Assert.True(_checker.Judge(sentence).IsGrammatical);

    [Theory]
    [InlineData("the boy near the girls are happy .", 5)]
    [InlineData("the boys that the girl like were happy .", 5)]
    [InlineData("the boys that the girl likes was happy .", 6)]
    [InlineData("every kings sleep .", 1)]
    [InlineData("the king who loved the queens washed herself .", 7)]
    [InlineData("the kings washed himself .", 3)]
    [InlineData("the teacher trusts itself .", 3)]
    [InlineData("the queens does not sleep .", 2)]
    [InlineData("the queen does not sleeps .", 4)]
    [InlineData("the king near the queens sold her hat .", 6)]
    [InlineData("the girl sleeps because he is tired .", 4)]
    [InlineData("the box .", 2)]
    [InlineData("the teacher washed himself because she slept .", 5)]
    public void Ungrammatical_sentences_are_refused_at_the_wrong_word(string sentence, int word)
    {
        Assert.Equal((false, word), _checker.Judge(sentence));
    }
}
