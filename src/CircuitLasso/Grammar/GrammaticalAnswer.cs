namespace CircuitLasso;

/// <summary>Which of the two answers of a <see cref="GrammarExample"/> is grammatical.</summary>
public enum GrammaticalAnswer
{
    /// <summary><see cref="GrammarExample.AnswerA"/>.</summary>
    A,

    /// <summary><see cref="GrammarExample.AnswerB"/>.</summary>
    B,
}
