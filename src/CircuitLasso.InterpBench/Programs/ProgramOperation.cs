namespace CircuitLasso.InterpBench;

/// <summary>What a node of a program computes. Every operation works on one value per position; null stands for no value.</summary>
public enum ProgramOperation
{
    /// <summary>The input tokens.</summary>
    Tokens,

    /// <summary>The position, from 0.</summary>
    Indices,

    /// <summary>A table from one variable; null stays null. An MLP.</summary>
    Map,

    /// <summary>A table from two variables at the same position; null if one of them is null. An MLP.</summary>
    SequenceMap,

    /// <summary>A weighted sum of numbers at the same position; null if one of them is null. An MLP.</summary>
    Linear,

    /// <summary>Which key positions a query position selects. Part of the attention head that uses it.</summary>
    Select,

    /// <summary>The mean of the selected values; one selected value, or equal ones, pass through; nothing selected gives the default. An attention head.</summary>
    Aggregate,

    /// <summary>How many positions are selected. An attention head and the MLP that follows it.</summary>
    SelectorWidth,

    /// <summary>The last earlier position with the same value, or -1. An attention head.</summary>
    LastPreviousOccurrence,

    /// <summary>The value at another position, or null where there is no such position. An attention head.</summary>
    Gather,

    /// <summary>
    /// The word with the highest score: +10 for each time it was seen, if it is a name, and -15 for each time it was inhibited, both counted up to the
    /// position; of equal scores the first word of the vocabulary. An attention head.
    /// </summary>
    Score,
}
