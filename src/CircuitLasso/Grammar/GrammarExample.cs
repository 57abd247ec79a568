namespace CircuitLasso;

/// <summary>
/// A minimal pair of sentences that differ in one word, the critical word, of which a word before it decides which form is grammatical.
/// </summary>
/// <param name="Prefix">The words before the critical word, separated by single spaces.</param>
/// <param name="AnswerA">The critical word in the first form: the plural, or the masculine, whichever of the two is grammatical here.</param>
/// <param name="AnswerB">The critical word in the second form: the singular, or the feminine.</param>
/// <param name="Grammatical">Which answer is grammatical after the prefix.</param>
/// <param name="Phenomenon">The name of the phenomenon, as in the grammar file.</param>
/// <param name="Cue">The index, from 0, of the word of the prefix that decides.</param>
/// <param name="Attractor">The index of a word of the prefix that could mislead (of the same or of the other form), or -1.</param>
/// <param name="Sentence">The grammatical sentence.</param>
/// <param name="Twin">The same sentence with the other answer.</param>
public sealed record GrammarExample(
    string Prefix,
    string AnswerA,
    string AnswerB,
    GrammaticalAnswer Grammatical,
    string Phenomenon,
    int Cue,
    int Attractor,
    string Sentence,
    string Twin);
